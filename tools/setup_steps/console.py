"""Run commands with their output in a log file, show what takes how long, name what to do."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

# (pattern in a failed command's output, what to do); the first match counts, so that a lost
# connection is not reported as the missing package that pip makes of it. {0} is the first group.
CURES = (
    (r'No space left on device|\[Errno 28\]',
     'the disk is full: free about 10 GB for .venv and the cache of pip, then run it again'),
    (r'Failed to establish a new connection|Temporary failure in name resolution'
     r'|Name or service not known|Network is unreachable|NewConnectionError|ConnectTimeoutError'
     r'|ReadTimeoutError|ProxyError|Connection (?:refused|reset|broken)|SSLError'
     r'|CERTIFICATE_VERIFY_FAILED',
     'the package index cannot be reached: check the network, or name a proxy or mirror in '
     'HTTPS_PROXY or PIP_INDEX_URL, then run it again'),
    (r'apt install (python3[\d.]*-venv)',
     'this Python cannot make virtual environments: apt-get install {0}, then run it again'),
    (r'No module named .?(?:ensurepip|venv)',
     'this Python cannot make virtual environments: install its venv package (apt-get install '
     'python3-venv), then run it again'),
    (r'Python\.h: No such file',
     'the headers of Python are missing: apt-get install python3-dev, then run it again'),
    (r'cc1plus.*[Kk]illed|[Kk]illed signal terminated|virtual memory exhausted'
     r'|out of memory allocating',
     'the compiler ran out of memory: run it again with MAX_JOBS=1 in front'),
    (r'unrecognized command.line option .?-std=c\+\+|unsupported GNU version',
     'the C++ compiler is too old: install g++ 11 or newer and name it in CXX, then run it again'),
    (r'CUDA_HOME environment variable is not set',
     'FORCE_CUDA=1 needs the CUDA toolkit: install it and set CUDA_HOME, or leave out FORCE_CUDA'),
    (r'No matching distribution found for (\S+)',
     'the package index has no {0} for this Python and platform: try PYTHON=python3.11 with '
     'another Python of 3.10 to 3.12, after removing .venv'),
)


class SetupError(Exception):
    """A failed step; the message is one line that says what to do."""


def find_cure(output: str) -> str:
    """Say what to do about a failed command, given what it printed."""
    for pattern, cure in CURES:
        match = re.search(pattern, output)
        if match:
            return cure.format(*match.groups())
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    compiler = [line for line in lines if re.search(r': (?:fatal )?error: ', line)]
    if compiler:  # the first one caused the rest
        return compiler[0][:300]
    errors = [line for line in lines if re.search(r'\berror\b', line, re.IGNORECASE)]
    return (errors or lines or ['it printed nothing'])[-1][:300]


def clock(seconds: float) -> str:
    """Write a duration as 4.2 s or 5:34 min."""
    if seconds < 60:
        return f'{seconds:.1f} s'
    return f'{int(seconds) // 60}:{int(seconds) % 60:02d} min'


class Console:
    """Prints one line per step and appends the full output of its command to a log file.

    Args:
        log_path: The log, begun anew.
        lock_fd: A descriptor that every command inherits, so that a lock on it outlives this
            process as long as a command of it runs.
    """

    def __init__(self, log_path: Path, lock_fd: int | None = None):
        self.log_path = log_path
        self.lock_fds = () if lock_fd is None else (lock_fd,)
        self.terminal = sys.stdout.isatty()
        log_path.write_text('', encoding='utf-8')

    def say(self, text: str) -> None:
        print(text, flush=True)

    def run(self, title: str, command: list, describe=None, **popen_options) -> None:
        """Run ``command``; raise SetupError with a cure if it fails.

        ``describe`` turns the output so far into a few words of progress.
        """
        start = time.monotonic()
        with self.log_path.open('ab') as log:
            log.write(f'\n$ {" ".join(map(str, command))}\n'.encode())
            log.flush()
            begin = log.tell()
            process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                pass_fds=self.lock_fds, start_new_session=True, **popen_options)
            try:
                self._watch(process, title, start, begin, describe)
            finally:
                if process.poll() is None:  # its own session: ninja and the compilers end with it
                    os.killpg(process.pid, signal.SIGTERM)
                    process.wait()
        if process.returncode:
            self._line(f'{title}: failed after {clock(time.monotonic() - start)}', last=True)
            raise SetupError(f'{title} failed: {find_cure(self._output(begin))}')
        self._line(f'{title}: {clock(time.monotonic() - start)}', last=True)

    def _watch(self, process, title, start, begin, describe) -> None:
        """Show progress until the process ends: every second on a terminal, else every 30 s."""
        pause = 1 if self.terminal else 30
        if not self.terminal:
            self.say(f'{title} ...')
        while True:
            try:
                process.wait(timeout=pause)
                return
            except subprocess.TimeoutExpired:
                words = describe(self._output(begin)) if describe else ''
                elapsed = clock(time.monotonic() - start)
                self._line(f'{title} ... {words}{", " if words else ""}{elapsed}')

    def _line(self, text: str, last: bool = False) -> None:
        """Print a progress line; on a terminal it replaces the one before."""
        if not self.terminal:
            self.say(text)
            return
        print(f'\r\033[K{text[:110]}', end='\n' if last else '', flush=True)

    def _output(self, begin: int) -> str:
        with self.log_path.open('rb') as log:
            log.seek(begin)
            return log.read().decode('utf-8', errors='replace')
