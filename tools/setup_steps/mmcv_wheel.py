"""Build mmcv from its source once and keep the wheel in the user's cache."""
from __future__ import annotations

import os
import re
import shutil
import tarfile
from pathlib import Path

from .console import Console, SetupError

BUILDER = Path(__file__).with_name('build_mmcv.py')
BYTES_PER_JOB = 2 * 2**30  # one compiler process at its peak, rounded up


def cxx_standard(torch_version: str) -> str:
    """Name the C++ standard that torch's headers need and mmcv compiles with."""
    major, minor = (int(number) for number in re.match(r'(\d+)\.(\d+)', torch_version).groups())
    return 'c++20' if (major, minor) >= (2, 14) else 'c++17'


def cache_key(mmcv: str, torch: str, python_tag: str, platform: str, ops: str) -> str:
    """Name the one combination a compiled wheel works with, as a folder name."""
    key = f'mmcv-{mmcv}-torch-{torch}-{python_tag}-{platform}-{ops}'
    return re.sub(r'[^A-Za-z0-9._+-]', '_', key)


def cache_folder(environ=os.environ) -> Path:
    """Give the folder of kept wheels; a relative XDG_CACHE_HOME is invalid and ignored."""
    base = Path(environ.get('XDG_CACHE_HOME') or '')
    if not base.is_absolute():
        base = Path.home() / '.cache'
    return base / 'ausm_mm' / 'wheels'


def parallel_jobs(cores: int, memory: int) -> int:
    """Give the number of compiler processes that fit into cores and memory (bytes)."""
    return max(1, min(cores, memory // BYTES_PER_JOB))


def compile_progress(output: str) -> str:
    """Give the last 'file n of m' of ninja's '[n/m]' lines."""
    steps = re.findall(r'^\[(\d+)/(\d+)\]', output, re.MULTILINE)
    return 'file {} of {}'.format(*steps[-1]) if steps else 'preparing'


def check_toolchain(include_folder: str, python_tag: str, environ=os.environ) -> None:
    """Raise SetupError if the C++ compiler or the headers of Python are missing."""
    compiler = environ.get('CXX', 'c++').split()[0]
    if shutil.which(compiler, path=environ.get('PATH')) is None:
        raise SetupError(
            f'no C++ compiler ({compiler}) to build mmcv with: install a C++ compiler '
            '(apt-get install g++), then run it again')
    if not (Path(include_folder) / 'Python.h').is_file():
        version = python_tag.replace('cp3', '3.')
        raise SetupError(
            f'no Python.h in {include_folder} to build mmcv with: install the headers '
            f'(apt-get install python{version}-dev), then run it again')


def put_in_cache(wheel: Path, folder: Path) -> Path:
    """Copy a wheel into the cache so that an interruption never leaves half a wheel there."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / wheel.name
    partial = folder / f'{wheel.name}.{os.getpid()}.part'
    shutil.copyfile(wheel, partial)
    partial.replace(target)
    return target


def find_wheel(folder: Path) -> Path | None:
    """Give the wheel kept in a cache folder, if there is one."""
    return next(iter(sorted(folder.glob('mmcv-*.whl'))), None)


def unpack_source(sdist: Path, folder: Path, standard: str) -> Path:
    """Unpack mmcv's source with the C++ standard set; a finished earlier unpacking is kept."""
    source = folder / sdist.name[:-len('.tar.gz')]
    if source.is_dir():
        return source
    fresh = folder / 'unpacking'
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        # only plain files inside the folder, where this Python's patch release knows the filter
        archive.extraction_filter = getattr(tarfile, 'data_filter', None)
        archive.extractall(fresh)
    setup_file = fresh / source.name / 'setup.py'
    text = setup_file.read_text(encoding='utf-8')
    setup_file.write_text(text.replace('-std=c++17', f'-std={standard}'), encoding='utf-8')
    (fresh / source.name).replace(source)
    return source


def build_environment(ops: str, python: Path, environ=os.environ) -> dict:
    """Give the variables of the build: ninja of .venv, and no CUDA unless it was asked for."""
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    build = {
        'MAX_JOBS': str(parallel_jobs(os.cpu_count() or 1, memory)),
        **environ,
        'MMCV_WITH_OPS': '1',
        'PATH': f'{python.parent}{os.pathsep}{environ.get("PATH", "")}',
    }
    if ops == 'cpu':  # mmcv's setup.py would look for nvcc as soon as it sees a GPU
        build['CUDA_VISIBLE_DEVICES'] = ''
    return build


def build_wheel(console: Console, python: Path, mmcv: str, torch: str, ops: str,
                folder: Path) -> Path:
    """Build the wheel in ``folder``, where a second try finds what the first one compiled."""
    environ = build_environment(ops, python)
    folder.mkdir(parents=True, exist_ok=True)
    sdist = folder / f'mmcv-{mmcv}.tar.gz'
    if not sdist.is_file():
        console.run(
            f'mmcv {mmcv}: download of the source',
            [python, '-m', 'pip', 'download', '--no-deps', '--no-build-isolation', '--no-binary',
             'mmcv', '--dest', folder / 'download', f'mmcv=={mmcv}'], env=environ)
        (folder / 'download' / sdist.name).replace(sdist)
    source = unpack_source(sdist, folder, cxx_standard(torch))
    console.say(f'mmcv {mmcv}: compiling its operators for torch {torch}. This happens once and '
                'takes about 5 minutes on 2 cores; an interrupted build continues.')
    console.run(
        f'mmcv {mmcv}: build', [python, BUILDER, 'bdist_wheel', '--dist-dir', folder / 'dist'],
        describe=compile_progress, cwd=source, env=environ)
    wheel = find_wheel(folder / 'dist')
    if wheel is None:
        raise SetupError(f'the build of mmcv left no wheel in {folder / "dist"}: remove that '
                         'folder, then run it again')
    return wheel
