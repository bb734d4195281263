"""What the scripts for several GPUs start."""
import os
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / 'tools'


@pytest.fixture
def started(tmp_path):
    """Function (script, arguments, environment) -> the command line that it starts, by launchers
    that only print it."""
    for name in ('torchrun', 'srun'):
        launcher = tmp_path / name
        launcher.write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@"\n')
        launcher.chmod(0o755)

    def run(script: str, *arguments: str, **environment: str) -> list:
        known = ('GPUS', 'GPUS_PER_NODE', 'CPUS_PER_TASK', 'SRUN_ARGS', 'PORT', 'NNODES',
                 'NODE_RANK', 'MASTER_ADDR')
        outer = {key: value for key, value in os.environ.items() if key not in known}
        result = subprocess.run(
            ['bash', str(TOOLS / script), *arguments], capture_output=True, text=True, check=True,
            env={**outer, 'PATH': f"{tmp_path}:{os.environ['PATH']}", **environment})
        return result.stdout.splitlines()

    return run


def test_torchrun(started):
    assert started('dist_train.sh', 'c.py', '8', '--amp', 'a b') == [
        'torchrun', '--nnodes=1', '--node_rank=0', '--nproc_per_node=8', '--master_addr=127.0.0.1',
        '--master_port=29500', f'{TOOLS}/train.py', 'c.py', '--launcher', 'pytorch', '--amp', 'a b']
    assert started('dist_test.sh', 'c.py', 'x.pth', '2', '--out', 'm.json', NNODES='2',
                   NODE_RANK='1', MASTER_ADDR='host', PORT='1234') == [
        'torchrun', '--nnodes=2', '--node_rank=1', '--nproc_per_node=2', '--master_addr=host',
        '--master_port=1234', f'{TOOLS}/test.py', 'c.py', 'x.pth', '--launcher', 'pytorch',
        '--out', 'm.json']


def test_slurm(started):
    assert started('slurm_train.sh', 'gpu', 'ausm', 'c.py', '--resume', 'a b') == [
        'srun', '--partition=gpu', '--job-name=ausm', '--ntasks=8', '--ntasks-per-node=8',
        '--gres=gpu:8', '--cpus-per-task=5', '--kill-on-bad-exit=1', 'python', '-u',
        f'{TOOLS}/train.py', 'c.py', '--launcher', 'slurm', '--resume', 'a b']
    assert started('slurm_test.sh', 'gpu', 'ausm', 'c.py', 'x.pth', GPUS='2', CPUS_PER_TASK='3',
                   SRUN_ARGS='--time=1 --mem=2G') == [
        'srun', '--partition=gpu', '--job-name=ausm', '--ntasks=2', '--ntasks-per-node=2',
        '--gres=gpu:2', '--cpus-per-task=3', '--kill-on-bad-exit=1', '--time=1', '--mem=2G',
        'python', '-u', f'{TOOLS}/test.py', 'c.py', 'x.pth', '--launcher', 'slurm']
    assert started('slurm_train.sh', 'gpu', 'ausm', 'c.py', GPUS='16', GPUS_PER_NODE='4')[3:6] == [
        '--ntasks=16', '--ntasks-per-node=4', '--gres=gpu:4']


@pytest.mark.parametrize('script, arguments', [
    ('dist_train.sh', ['c.py']), ('dist_test.sh', ['c.py', 'x.pth']),
    ('slurm_train.sh', ['gpu', 'ausm']), ('slurm_test.sh', ['gpu', 'ausm', 'c.py'])])
def test_too_few_arguments(started, script, arguments):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        started(script, *arguments)
    assert caught.value.returncode == 2 and caught.value.stdout == ''
    assert caught.value.stderr.startswith(f'usage: {TOOLS}/{script} ')
