import sys
from pathlib import Path

import pytest
from setup_steps import environment
from setup_steps.console import SetupError


@pytest.mark.parametrize('version, expected', [
    ((3, 9), False), ((3, 10), True), ((3, 11), True), ((3, 12), True), ((3, 13), False),
    ((2, 7), False), ((4, 11), False),
])
def test_supported_pythons(version, expected):
    assert environment.is_supported(version) is expected


def test_python_that_does_not_start_has_no_version(tmp_path):
    shim = tmp_path / 'python3.11'
    shim.write_text('#!/bin/sh\necho "not installed" >&2\nexit 127\n')
    shim.chmod(0o755)
    assert environment.python_version(str(shim)) is None
    assert environment.python_version(str(tmp_path / 'missing')) is None
    assert environment.python_version(sys.executable) == sys.version_info[:2]


def test_another_python_of_the_path_is_taken(monkeypatch):
    versions = {sys.executable: (3, 13), 'python3.12': (3, 12), 'python3.10': (3, 10)}
    monkeypatch.setattr(environment, 'python_version', versions.get)
    assert environment.find_python() == 'python3.12'
    monkeypatch.setattr(environment, 'python_version', lambda name: (3, 13))
    with pytest.raises(SetupError, match=r'3\.10 to 3\.12 needed.*make setup PYTHON='):
        environment.find_python()


@pytest.mark.parametrize('message, expected', [
    ('ImportError: libGL.so.1: cannot open shared object file: No such file or directory', True),
    ('ImportError: libgthread-2.0.so.0: cannot open shared object file: No such file', True),
    ('ImportError: libxcb.so.1: cannot open shared object file: No such file', True),
    ('ImportError: libxcb-icccm.so.4: cannot open shared object file: No such file', True),
    ('ImportError: libXext.so.6: cannot open shared object file: No such file', True),
    ('ImportError: libSM.so.6: cannot open shared object file: No such file', True),
    ('ImportError: libGLEW-of-mine is odd', False),
    ('ImportError: libz.so.1: cannot open shared object file: No such file', False),
    ('ImportError: libstdc++.so.6: version `GLIBCXX_3.4.30\' not found', False),
    ("ModuleNotFoundError: No module named 'cv2'", False),
    ('', False),
])
def test_headless_only_for_missing_desktop_libraries(message, expected):
    assert environment.needs_headless(message) is expected


def test_half_installed_packages_are_dropped(tmp_path):
    for name in ('torch-2.14.1', 'numpy-2.4.6'):
        (tmp_path / f'{name}.dist-info').mkdir()
        (tmp_path / f'{name}.dist-info' / 'METADATA').touch()
    (tmp_path / 'numpy-2.4.6.dist-info' / 'RECORD').touch()
    (tmp_path / '~orch').mkdir()
    (tmp_path / 'torch').mkdir()
    assert environment.drop_half_installed(tmp_path) == ['torch-2.14.1.dist-info', '~orch']
    assert sorted(path.name for path in tmp_path.iterdir()) == ['numpy-2.4.6.dist-info', 'torch']
    assert environment.drop_half_installed(tmp_path) == []


def test_digest_keeps_parts_apart():
    assert environment.digest('ab', 'c') != environment.digest('a', 'bc')
    assert environment.digest('a') == environment.digest('a')


def test_stamps_survive_a_restart_and_forget_other_keys(tmp_path):
    path = tmp_path / 'stamps.json'
    stamps = environment.Stamps(path)
    assert not stamps.has('install', 'k1')
    stamps.add('install', 'k1')
    stamps.add('mmcv', 'k2')
    again = environment.Stamps(path)
    assert again.done == {'install': 'k1', 'mmcv': 'k2'}
    assert not again.has('install', 'changed')
    again.clear()
    assert environment.Stamps(path).done == {}


@pytest.mark.parametrize('content', ['', '{"install": "k', '[1, 2]', '3', 'null', '\x00'])
def test_broken_stamps_mean_nothing_is_done(tmp_path, content):
    path = tmp_path / 'stamps.json'
    path.write_text(content)
    assert environment.Stamps(path).done == {}


@pytest.mark.parametrize('output, expected', [
    ('Collecting torch==2.14.1 (from -r torch.txt)\n  Downloading torch-2.14.1.whl (554 MB)\n',
     'torch-2.14.1.whl'),
    ('Collecting numpy\n', 'numpy'),
    ('Downloading a.whl\nInstalling collected packages: a, b\n', 'installing'),
    ('Looking in links: somewhere\n', ''),
])
def test_pip_progress(output, expected):
    assert environment.pip_progress(output) == expected


def test_environment_reports_the_last_line_of_a_failed_import(tmp_path):
    env = environment.Environment(tmp_path, None)
    env.python = Path(sys.executable)
    assert env.import_error('import json') == ''
    assert env.import_error('import no_such_module') == (
        "ModuleNotFoundError: No module named 'no_such_module'")
    assert env.import_error('import os; os._exit(9)') == 'exit status 9'
    facts = env.facts()
    assert facts['tag'] == f'cp{sys.version_info[0]}{sys.version_info[1]}'
    assert set(facts['versions']) == {'mmcv', 'torch', 'opencv-python', 'opencv-python-headless'}


def test_an_environment_of_an_unsupported_python_is_not_overwritten(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, 'python_version', lambda python: (3, 13))
    with pytest.raises(SetupError, match=r'has Python 3\.13.*remove that folder'):
        environment.Environment(tmp_path, None).create()
    assert tmp_path.is_dir()
