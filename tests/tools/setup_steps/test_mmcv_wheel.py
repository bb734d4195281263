import io
import tarfile
from pathlib import Path

import pytest
from setup_steps import mmcv_wheel
from setup_steps.console import SetupError


@pytest.mark.parametrize('torch, standard', [
    ('2.13.0+cpu', 'c++17'),
    ('2.9.1', 'c++17'),
    ('1.13.1', 'c++17'),
    ('2.14.0a0+gitabc', 'c++20'),
    ('2.14.1', 'c++20'),
    ('2.100.0', 'c++20'),
    ('3.0.0', 'c++20'),
])
def test_cxx_standard_by_torch_version(torch, standard):
    assert mmcv_wheel.cxx_standard(torch) == standard


def test_cache_key_names_every_part():
    parts = ('2.1.0', '2.14.1', 'cp311', 'linux-x86_64', 'cpu')
    key = mmcv_wheel.cache_key(*parts)
    assert key == 'mmcv-2.1.0-torch-2.14.1-cp311-linux-x86_64-cpu'
    for position in range(len(parts)):
        other = [*parts]
        other[position] += '9'
        assert mmcv_wheel.cache_key(*other) != key


def test_cache_key_is_one_folder_name():
    key = mmcv_wheel.cache_key('2.1.0', '2.14.1+cpu/../x y', 'cp311', 'linux-x86_64', 'cpu')
    assert '/' not in key and ' ' not in key
    assert '2.14.1+cpu' in key


def test_cache_folder(monkeypatch):
    monkeypatch.setattr(Path, 'home', lambda: Path('/home/someone'))
    default = Path('/home/someone/.cache/ausm_mm/wheels')
    assert mmcv_wheel.cache_folder({'XDG_CACHE_HOME': '/big/cache'}) == Path(
        '/big/cache/ausm_mm/wheels')
    assert mmcv_wheel.cache_folder({}) == default
    assert mmcv_wheel.cache_folder({'XDG_CACHE_HOME': ''}) == default
    assert mmcv_wheel.cache_folder({'XDG_CACHE_HOME': 'relative'}) == default


@pytest.mark.parametrize('cores, gigabytes, jobs', [(2, 24, 2), (64, 16, 8), (4, 1, 1), (1, 64, 1)])
def test_parallel_jobs_fit_into_memory(cores, gigabytes, jobs):
    assert mmcv_wheel.parallel_jobs(cores, gigabytes * 2**30) == jobs


def test_compile_progress_reads_the_last_file():
    assert mmcv_wheel.compile_progress('running build_ext\n[1/77] c++ a\n[2/77] c++ b[9/9]\n') == (
        'file 2 of 77')
    assert mmcv_wheel.compile_progress('') == 'preparing'


def test_toolchain_without_compiler_says_what_to_install(tmp_path):
    (tmp_path / 'Python.h').touch()
    with pytest.raises(SetupError, match=r'no C\+\+ compiler \(c\+\+\).*apt-get install g\+\+'):
        mmcv_wheel.check_toolchain(str(tmp_path), 'cp311', {'PATH': str(tmp_path)})


def test_toolchain_without_python_headers_names_the_package(tmp_path):
    with pytest.raises(SetupError, match=r'apt-get install python3\.12-dev'):
        mmcv_wheel.check_toolchain(str(tmp_path), 'cp312', {'PATH': '/bin', 'CXX': 'sh -x'})


def test_toolchain_complete(tmp_path):
    (tmp_path / 'Python.h').touch()
    mmcv_wheel.check_toolchain(str(tmp_path), 'cp311', {'PATH': '/bin', 'CXX': 'sh'})


def test_half_a_wheel_is_never_found_in_the_cache(tmp_path):
    built = tmp_path / 'dist' / 'mmcv-2.1.0-cp311-cp311-linux_x86_64.whl'
    built.parent.mkdir()
    built.write_bytes(b'wheel')
    folder = tmp_path / 'cache' / 'key'
    assert mmcv_wheel.find_wheel(folder) is None
    folder.mkdir(parents=True)
    (folder / f'{built.name}.123.part').write_bytes(b'whe')  # what an interrupted copy leaves
    assert mmcv_wheel.find_wheel(folder) is None
    assert mmcv_wheel.put_in_cache(built, folder).read_bytes() == b'wheel'
    assert mmcv_wheel.find_wheel(folder) == folder / built.name


def make_sdist(folder):
    """A source archive with the one file that is changed."""
    path = folder / 'mmcv-2.1.0.tar.gz'
    text = b"args = ['-std=c++17']\nnvcc += ['-std=c++17']\nold = ['-std=c++14']\n"
    info = tarfile.TarInfo('mmcv-2.1.0/setup.py')
    info.size, info.mtime = len(text), 1
    with tarfile.open(path, 'w:gz') as archive:
        archive.addfile(info, io.BytesIO(text))
    return path


def test_source_is_unpacked_with_the_standard_and_then_kept(tmp_path):
    sdist = make_sdist(tmp_path)
    (tmp_path / 'unpacking' / 'mmcv-2.1.0').mkdir(parents=True)  # an interrupted unpacking
    source = mmcv_wheel.unpack_source(sdist, tmp_path, 'c++20')
    assert (source / 'setup.py').read_text() == (
        "args = ['-std=c++20']\nnvcc += ['-std=c++20']\nold = ['-std=c++14']\n")
    (source / 'object.o').touch()
    assert mmcv_wheel.unpack_source(sdist, tmp_path, 'c++20') == source
    assert (source / 'object.o').exists()


def test_build_environment(tmp_path):
    python = tmp_path / 'bin' / 'python'
    environ = {'PATH': '/usr/bin', 'MAX_JOBS': '1', 'CUDA_VISIBLE_DEVICES': '0'}
    cpu = mmcv_wheel.build_environment('cpu', python, environ)
    assert cpu['PATH'] == f'{tmp_path}/bin:/usr/bin'
    assert cpu['MAX_JOBS'] == '1' and cpu['MMCV_WITH_OPS'] == '1'
    assert cpu['CUDA_VISIBLE_DEVICES'] == ''
    cuda = mmcv_wheel.build_environment('cuda', python, environ)
    assert cuda['CUDA_VISIBLE_DEVICES'] == '0'
    assert int(mmcv_wheel.build_environment('cpu', python, {})['MAX_JOBS']) >= 1
