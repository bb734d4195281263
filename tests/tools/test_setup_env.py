import json
import subprocess
import sys
from pathlib import Path

import pytest
import setup_env
from setup_steps import mmcv_wheel
from setup_steps.console import Console, SetupError

ROOT = Path(__file__).resolve().parents[2]


def test_read_pin():
    text = '# torch==1.0\nmy-torch==9\ntorch==2.14.1\nnumpy==2.4.6; python_version >= "3.11"\n'
    assert setup_env.read_pin('torch', text) == '2.14.1'
    assert setup_env.read_pin('numpy', text) == '2.4.6'
    with pytest.raises(SetupError, match='no line "scipy==VERSION"'):
        setup_env.read_pin('scipy', text)


class FakeEnvironment:
    """Answers like an environment and records what would be installed."""

    def __init__(self, path, mmcv=None, broken=()):
        self.path, self.python = path, path / 'bin' / 'python'
        self.versions = {'mmcv': mmcv, 'torch': '2.14.1'}
        self.broken = list(broken)  # statements that fail, each entry once
        self.pip_calls = []

    def create(self):
        self.path.mkdir(exist_ok=True)

    def facts(self):
        return dict(versions=self.versions, python='3.11.7', tag='cp311', platform='linux-x86_64',
                    include='/nowhere', packages=str(self.path))

    def import_error(self, statement):
        if statement in self.broken:
            self.broken.remove(statement)
            return 'ImportError: libGL.so.1: cannot open shared object file: no such file'
        return ''

    def works(self, statement):
        return not self.import_error(statement)

    def pip(self, title, *arguments):
        self.pip_calls.append(arguments[0:1] + tuple(
            Path(part).name for part in arguments[1:] if not str(part).startswith('-')))


def set_up_with(env, tmp_path):
    set_up = setup_env.SetUp(Console(tmp_path / 'log'))
    set_up.env = env
    set_up.run()
    return [call[0:2] for call in env.pip_calls]


def test_first_run_does_all_steps_and_the_second_none(tmp_path):
    env = FakeEnvironment(tmp_path / 'venv', mmcv='2.1.0')
    assert set_up_with(env, tmp_path) == [
        ('install', 'build.txt'), ('install', 'isolated'), ('install', ROOT.name)]
    env.pip_calls.clear()
    assert set_up_with(env, tmp_path) == []


def test_a_step_without_stamp_is_done_again_alone(tmp_path):
    env = FakeEnvironment(tmp_path / 'venv', mmcv='2.1.0')
    set_up_with(env, tmp_path)
    env.pip_calls.clear()
    stamps = env.path / 'ausm_mm_setup.json'
    done = json.loads(stamps.read_text())
    assert list(done) == ['install_packages', 'repair_opencv', 'install_isolated', 'install_mmcv',
                          'install_ausm_mm']
    del done['install_ausm_mm']
    stamps.write_text(json.dumps(done))
    assert set_up_with(env, tmp_path) == [('install', ROOT.name)]


def test_an_environment_that_no_longer_imports_is_repaired(tmp_path):
    env = FakeEnvironment(tmp_path / 'venv', mmcv='2.1.0')
    set_up_with(env, tmp_path)
    env.pip_calls.clear()
    env.broken = [setup_env.IMPORT_QUICK]
    assert set_up_with(env, tmp_path) == [
        ('install', 'build.txt'), ('install', 'isolated'), ('install', ROOT.name)]


def test_headless_opencv_replaces_the_other_in_the_same_version(tmp_path):
    env = FakeEnvironment(tmp_path / 'venv', mmcv='2.1.0', broken=['import cv2'])
    set_up_with(env, tmp_path)
    pin = setup_env.read_pin('opencv-python', setup_env.read_requirements()['runtime'])
    assert env.pip_calls[1:3] == [
        ('uninstall', 'opencv-python', 'opencv-python-headless'),
        ('install', f'opencv-python-headless=={pin}')]


def test_a_cached_wheel_needs_no_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('PATH', '')
    monkeypatch.delenv('FORCE_CUDA', raising=False)
    folder = mmcv_wheel.cache_folder() / 'mmcv-2.1.0-torch-2.14.1-cp311-linux-x86_64-cpu'
    folder.mkdir(parents=True)
    (folder / 'mmcv-2.1.0-cp311-cp311-linux_x86_64.whl').touch()
    env = FakeEnvironment(tmp_path / 'venv')
    assert ('install', 'mmcv-2.1.0-cp311-cp311-linux_x86_64.whl') in set_up_with(env, tmp_path)


def test_a_missing_compiler_stops_before_any_download(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('PATH', '')
    monkeypatch.delenv('CXX', raising=False)
    env = FakeEnvironment(tmp_path / 'venv')
    with pytest.raises(SetupError, match=r'apt-get install g\+\+'):
        set_up_with(env, tmp_path)
    assert env.pip_calls == []


def test_imports_that_fail_in_the_end_leave_no_stamp(tmp_path):
    env = FakeEnvironment(tmp_path / 'venv', mmcv='2.1.0', broken=[setup_env.IMPORT_ALL])
    with pytest.raises(SetupError, match='do not import .*libGL'):
        set_up_with(env, tmp_path)
    assert json.loads((env.path / 'ausm_mm_setup.json').read_text()) == {}


def test_a_place_that_cannot_be_written_is_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / 'build').touch()  # a file where the folder of the log should be
    monkeypatch.setattr(setup_env, 'ROOT', tmp_path)
    monkeypatch.setattr(setup_env.signal, 'signal', lambda *arguments: None)
    assert setup_env.main() == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert str(tmp_path / 'build') in lines[0] and 'make the place writable' in lines[0]


def test_one_set_up_at_a_time(tmp_path, capsys):
    lock = tmp_path / 'lock'
    holder = subprocess.Popen(
        [sys.executable, '-c', 'import fcntl, sys, time; f = open(sys.argv[1], "w");'
         'fcntl.flock(f, fcntl.LOCK_EX); print("held", flush=True); time.sleep(1)', str(lock)],
        stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == 'held\n'
    with setup_env.only_one(lock):
        assert holder.poll() is not None or holder.wait(timeout=5) == 0
    assert 'waiting for another set-up' in capsys.readouterr().out
