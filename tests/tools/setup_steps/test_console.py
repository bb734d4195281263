import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from setup_steps.console import Console, SetupError, clock, find_cure


@pytest.mark.parametrize('output, cure', [
    ('OSError: [Errno 28] No space left on device', 'the disk is full'),
    ('Retrying ... Failed to establish a new connection: [Errno -2]\n'
     'ERROR: No matching distribution found for torch==2.14.1', 'index cannot be reached'),
    ('ERROR: No matching distribution found for torch==2.14.1', 'no torch==2.14.1 for this Python'),
    ('fatal error: Python.h: No such file or directory', 'apt-get install python3-dev'),
    ('You may need to use sudo: apt install python3.12-venv', 'apt-get install python3.12-venv'),
    ('/usr/bin/python3: No module named venv', 'apt-get install python3-venv'),
    ('c++: fatal error: Killed signal terminated program cc1plus', 'MAX_JOBS=1'),
    ("c++: error: unrecognized command line option '-std=c++20'", 'compiler is too old'),
    ('OSError: CUDA_HOME environment variable is not set.', 'FORCE_CUDA=1 needs the CUDA toolkit'),
    ('a.cpp:3:1: error: first\nb.cpp:1:1: error: second\nRuntimeError: Error compiling', 'first'),
    ('fine\nERROR: something new\nhint: none', 'ERROR: something new'),
    ('only this', 'only this'),
    ('', 'it printed nothing'),
])
def test_one_line_says_what_to_do(output, cure):
    line = find_cure(output)
    assert cure in line
    assert '\n' not in line and '{' not in line


def test_a_very_long_error_line_is_cut():
    assert len(find_cure('error: ' + 'x' * 5000)) == 300


@pytest.mark.parametrize('seconds, text', [
    (0.04, '0.0 s'), (59.9, '59.9 s'), (60, '1:00 min'), (334.9, '5:34 min'), (4000, '66:40 min')])
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_output_goes_to_the_log_and_the_step_to_the_screen(tmp_path, capsys):
    console = Console(tmp_path / 'log')
    console.run('greeting', [sys.executable, '-c', 'print("hello log")'])
    screen = capsys.readouterr().out
    assert screen.startswith('greeting ...\ngreeting: ') and 'hello log' not in screen
    assert 'hello log' in (tmp_path / 'log').read_text()


def test_a_failed_command_is_judged_by_its_own_output_only(tmp_path):
    console = Console(tmp_path / 'log')
    console.run('first', [sys.executable, '-c', 'print("No space left on device")'])
    code = 'import sys; print("error: second one broke"); sys.exit(3)'
    with pytest.raises(SetupError, match='^second failed: error: second one broke$'):
        console.run('second', [sys.executable, '-c', code])


def test_output_that_is_not_text_is_no_obstacle(tmp_path):
    code = r'import sys; sys.stdout.buffer.write(b"\xff\xfe error: caf\xe9"); sys.exit(1)'
    with pytest.raises(SetupError, match='error: caf'):
        Console(tmp_path / 'log').run('odd', [sys.executable, '-c', code])


@pytest.fixture
def interruptible():
    """A shell lets its background jobs ignore interruptions."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures('interruptible')
def test_an_interruption_ends_the_command_with_its_children(tmp_path):
    ready = tmp_path / 'pid'
    child = f'import os, time; open({str(ready)!r}, "w").write(str(os.getpid())); time.sleep(60)'
    code = f'import subprocess, sys; subprocess.run([sys.executable, "-c", {child!r}])'

    def interrupt():
        while not (ready.exists() and ready.read_text()):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        Console(tmp_path / 'log').run('long', [sys.executable, '-c', code])
    for _ in range(100):
        status = Path(f'/proc/{ready.read_text()}/status')
        if not status.exists() or 'State:\tZ' in status.read_text():
            break
        time.sleep(0.05)
    else:
        pytest.fail('the child still runs')
