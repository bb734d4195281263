"""Set up ``.venv`` with everything ausm_mm needs; what an earlier run finished is kept.

    python3 tools/setup_env.py

Needs Python 3.10-3.12, a C++ compiler and a package index. FORCE_CUDA=1 builds mmcv with its CUDA
operators, MAX_JOBS limits its compiler processes.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

from setup_steps.console import Console, SetupError, clock
from setup_steps.environment import Environment, Stamps, digest, drop_half_installed, needs_headless
from setup_steps.mmcv_wheel import (
    build_wheel,
    cache_folder,
    cache_key,
    check_toolchain,
    find_wheel,
    put_in_cache,
)

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ('build', 'torch', 'runtime', 'dev')
IMPORT_MMCV = 'import mmcv.ops'
IMPORT_ALL = 'import cv2, mmcv.ops, mmdet.models, mmpretrain.models, pycocotools.mask, ausm_mm'
# The same compiled parts without the 5 seconds that mmdet and mmpretrain take
IMPORT_QUICK = 'import cv2, torch, mmcv._ext, pycocotools.mask, ausm_mm'


def read_pin(name: str, text: str) -> str:
    """Give the version in the line ``name==version`` of a requirements file."""
    match = re.search(rf'^{re.escape(name)}==([^\s;]+)', text, re.MULTILINE)
    if match is None:
        raise SetupError(f'requirements/ has no line "{name}==VERSION": restore it from git')
    return match.group(1)


def read_requirements() -> dict:
    """Read the files of requirements/ by name."""
    names = (*REQUIREMENTS, 'mmcv', 'isolated')
    return {name: (ROOT / 'requirements' / f'{name}.txt').read_text('utf-8') for name in names}


class SetUp:
    """The steps; each one is skipped when its stamp has the key of what it would do."""

    def __init__(self, console: Console):
        self.console = console
        self.env = Environment(ROOT / '.venv', console)
        self.requirements = read_requirements()
        self.ops = 'cuda' if os.environ.get('FORCE_CUDA') == '1' else 'cpu'

    def run(self) -> None:
        """Do what is missing, then try all imports."""
        self.env.create()
        self.stamps = Stamps(self.env.path / 'ausm_mm_setup.json')
        if self._is_complete():
            return
        drop_half_installed(Path(self.env.facts()['packages']))
        for step, key in self._keys().items():
            if not self.stamps.has(step, key):
                getattr(self, step)()
                self.stamps.add(step, key)
        error = self.env.import_error(IMPORT_ALL)
        if error:
            self.stamps.clear()  # so that the next run repairs instead of trusting them
            raise SetupError(f'the installed packages do not import ({error}): run it again; if '
                             f'it stays, remove {self.env.path} and run it again')

    def _is_complete(self) -> bool:
        """Tell whether nothing is left to do; distrust all stamps if the imports fail."""
        if self.stamps.done != self._keys():
            return False
        if self.env.works(IMPORT_QUICK):
            return True
        self.stamps.clear()
        return False

    def _keys(self) -> dict:
        """Give the steps in their order, each with a key of all that it depends on."""
        facts = self.env.facts()
        packages = digest(facts['python'], *(self.requirements[name] for name in REQUIREMENTS))
        return {
            'install_packages': packages,
            'repair_opencv': packages,
            'install_isolated': digest(facts['python'], self.requirements['isolated']),
            'install_mmcv': digest(packages, self.requirements['mmcv']),
            'install_ausm_mm': digest(packages, str(ROOT), (ROOT / 'setup.py').read_text('utf-8')),
        }

    def install_packages(self) -> None:
        """Install all pinned packages but mmcv."""
        facts = self.env.facts()
        if facts['versions']['mmcv'] is None and not self._cached_wheel(facts):
            check_toolchain(facts['include'], facts['tag'])  # now, not after a long download
        files = [part for name in REQUIREMENTS
                 for part in ('-r', ROOT / 'requirements' / f'{name}.txt')]
        self.console.say('packages: PyPI\'s torch for Linux brings 3 GB of CUDA libraries, so this '
                         'takes as long as their download')
        self.env.pip('packages', 'install', *files)

    def repair_opencv(self) -> None:
        """On a server without a desktop's libraries, put the headless OpenCV in its place."""
        if not needs_headless(self.env.import_error('import cv2')):
            return
        version = read_pin('opencv-python', self.requirements['runtime'])
        self.console.say('OpenCV: this machine has no libGL, installing the headless build')
        # Both builds own the folder cv2, so both go first.
        self.env.pip('OpenCV: removing', 'uninstall', '-y', 'opencv-python',
                     'opencv-python-headless')
        self.env.pip('OpenCV: headless build', 'install', '--no-deps',
                     f'opencv-python-headless=={version}')

    def install_isolated(self) -> None:
        """Install what only processes of their own may import into a folder of its own."""
        self.env.pip('isolated packages', 'install', '--no-deps', '--upgrade', '--target',
                     self.env.path / 'isolated', '-r', ROOT / 'requirements' / 'isolated.txt')

    def install_mmcv(self) -> None:
        """Install mmcv from the cache, building it first if it is not there."""
        facts = self.env.facts()
        if facts['versions']['mmcv'] and self.env.works(IMPORT_MMCV):
            self.console.say(f'mmcv {facts["versions"]["mmcv"]} works and is used as it is')
            return
        wheel = self._cached_wheel(facts)
        if wheel:
            self._install_wheel(wheel)
            if self.env.works(IMPORT_MMCV):
                return
            self.console.say(f'{wheel} does not import here and is built again')
        check_toolchain(facts['include'], facts['tag'])
        key = self._wheel_key(facts)
        folder = ROOT / 'build' / key
        built = build_wheel(
            self.console, self.env.python, read_pin('mmcv', self.requirements['mmcv']),
            facts['versions']['torch'], self.ops, folder)
        self._install_wheel(put_in_cache(built, cache_folder() / key))
        shutil.rmtree(folder)  # 450 MB, most of it the precompiled header

    def install_ausm_mm(self) -> None:
        """Install this checkout in place."""
        self.env.pip('ausm_mm', 'install', '--no-deps', '--no-build-isolation', '-e', ROOT)

    def _install_wheel(self, wheel: Path) -> None:
        self.console.say(f'mmcv: wheel {wheel}')
        self.env.pip('mmcv', 'install', '--no-deps', '--force-reinstall', wheel)

    def _wheel_key(self, facts: dict) -> str:
        torch = facts['versions']['torch'] or read_pin('torch', self.requirements['torch'])
        return cache_key(read_pin('mmcv', self.requirements['mmcv']), torch, facts['tag'],
                         facts['platform'], self.ops)

    def _cached_wheel(self, facts: dict) -> Path | None:
        return find_wheel(cache_folder() / self._wheel_key(facts))


@contextlib.contextmanager
def only_one(path: Path):
    """Hold a lock file, waiting for another set-up of this checkout or for its last command."""
    with path.open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print('waiting for another set-up of this checkout to end', flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def main() -> int:
    """Set up and report; the last line of a failure says what to do."""
    start = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log_path = ROOT / 'build' / 'setup.log'
    try:
        log_path.parent.mkdir(exist_ok=True)
        with only_one(ROOT / 'build' / 'setup.lock') as lock_fd:
            SetUp(Console(log_path, lock_fd)).run()
    except SetupError as error:
        print(f'set-up stopped: {error} (full output: {log_path})', file=sys.stderr)
        return 1
    except OSError as error:
        print(f'set-up stopped: {error}: make the place writable or free disk space, then run it '
              'again', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nset-up interrupted: run it again to continue', file=sys.stderr)
        return 130
    print(f'.venv is ready ({clock(time.monotonic() - start)})')
    return 0


if __name__ == '__main__':
    sys.exit(main())
