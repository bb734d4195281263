"""The virtual environment: finding a Python for it, what is installed in it, what is done."""
from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Console, SetupError

OLDEST, NEWEST = (3, 10), (3, 12)
PROBE = 'import sys; print(*sys.version_info[:2])'
FACTS = """
import importlib.metadata as metadata, json, sys, sysconfig
names = ['mmcv', 'torch', 'opencv-python', 'opencv-python-headless']
versions = {}
for name in names:
    try:
        versions[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        versions[name] = None
paths = sysconfig.get_paths()
print(json.dumps(dict(
    versions=versions,
    python='%d.%d.%d' % sys.version_info[:3],
    tag='cp%d%d' % sys.version_info[:2],
    platform=sysconfig.get_platform(),
    include=paths['include'],
    packages=paths['purelib'])))
"""
# Libraries of a desktop that opencv-python loads and a bare server lacks
DESKTOP_LIBRARY = re.compile(
    r'lib(?:GL|GLX|EGL|OpenGL|gthread|glib|xcb|X\w*|SM|ICE)\b[\w.+-]*\.so[\w.]*: '
    r'cannot open shared object file')


def is_supported(version: tuple) -> bool:
    """Tell whether a Python (major, minor) has packages of all pinned versions."""
    return OLDEST <= version[:2] <= NEWEST


def python_version(python: str) -> tuple | None:
    """Give (major, minor) of a Python, or None if it does not start."""
    try:
        answer = subprocess.run([python, '-c', PROBE], capture_output=True, text=True)
    except OSError:
        return None
    return tuple(map(int, answer.stdout.split())) if answer.returncode == 0 else None


def find_python() -> str:
    """Give a Python of a supported version: the running one, or one on the PATH."""
    names = [sys.executable, 'python3.11', 'python3.12', 'python3.10']
    for name in names:
        version = python_version(name)
        if version and is_supported(version):
            return name
    raise SetupError(
        f'Python {sys.version_info[0]}.{sys.version_info[1]} found, Python 3.10 to 3.12 needed: '
        'install one (such as apt-get install python3.11 python3.11-venv), then run '
        '"make setup PYTHON=python3.11"')


def needs_headless(import_error: str) -> bool:
    """Tell from the message of a failed ``import cv2`` whether only desktop libraries miss."""
    return DESKTOP_LIBRARY.search(import_error) is not None


def drop_half_installed(packages: Path) -> list:
    """Remove the metadata of packages whose installation was interrupted; give their names.

    pip writes RECORD last. Without it pip would take the package for installed, and could not
    remove it either.
    """
    broken = [folder for folder in packages.glob('*.dist-info')
              if not (folder / 'RECORD').is_file()]
    broken += packages.glob('~*')  # what pip had set aside while it replaced a package
    for folder in broken:
        shutil.rmtree(folder)
    return sorted(folder.name for folder in broken)


def digest(*parts: str) -> str:
    """Hash texts so that moving a character from one to the next changes the result."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class Stamps:
    """Remembers in a json file which step was done for which key."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.done = dict(json.loads(path.read_text(encoding='utf-8')))
        except (OSError, ValueError, TypeError):  # none yet, or cut off: the steps run again
            self.done = {}

    def has(self, step: str, key: str) -> bool:
        return self.done.get(step) == key

    def add(self, step: str, key: str) -> None:
        self._write({**self.done, step: key})

    def clear(self) -> None:
        self._write({})

    def _write(self, done: dict) -> None:
        self.done = done
        partial = self.path.with_suffix('.part')
        partial.write_text(json.dumps(done, indent=1), encoding='utf-8')
        partial.replace(self.path)


class Environment:
    """The virtual environment in ``path``."""

    def __init__(self, path: Path, console: Console):
        self.path = path
        self.console = console
        self.python = path / 'bin' / 'python'

    def create(self) -> None:
        """Create the environment unless a working one of a supported Python is there."""
        if self.path.exists():
            version = python_version(str(self.python))
            if version and not is_supported(version):
                raise SetupError(
                    f'{self.path} has Python {version[0]}.{version[1]}, Python 3.10 to 3.12 '
                    'needed: remove that folder, then run it again')
            if version and self._has_pip():
                return
        python = find_python()
        major, minor = python_version(python)
        self.console.run(f'{self.path.name} with Python {major}.{minor}',
                         [python, '-m', 'venv', '--clear', self.path])

    def _has_pip(self) -> bool:
        """Tell whether pip is there, after adding it to an unfinished environment."""
        if not self.works('import pip'):
            self._ask('import ensurepip; ensurepip.bootstrap()')
        return self.works('import pip')

    def facts(self) -> dict:
        """Ask for versions, tags and folders of the environment."""
        return json.loads(self._ask(FACTS).stdout)

    def import_error(self, statement: str) -> str:
        """Run an import statement; give the last line of its traceback, '' if it works."""
        answer = self._ask(statement)
        if answer.returncode == 0:
            return ''
        lines = answer.stderr.strip().splitlines() or [f'exit status {answer.returncode}']
        return lines[-1]

    def works(self, statement: str) -> bool:
        return self.import_error(statement) == ''

    def pip(self, title: str, *arguments) -> None:
        """Run pip in the environment."""
        self.console.run(
            title,
            [self.python, '-m', 'pip', *arguments, '--disable-pip-version-check', '--no-input'],
            describe=pip_progress)

    def _ask(self, code: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.python, '-c', code], capture_output=True, text=True,
                              cwd=self.path)


def pip_progress(output: str) -> str:
    """Give the package that pip is busy with."""
    if 'Installing collected packages' in output:
        return 'installing'
    names = re.findall(r'^ *(?:Downloading|Using cached|Collecting) (\S+)', output, re.MULTILINE)
    return names[-1].rsplit('/', 1)[-1] if names else ''
