"""tools/dist_train.sh and tools/dist_test.sh with two processes, which share no GPU here."""
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch

from ausm_mm.engine import read_checkpoint

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason='would need two GPUs')


@pytest.fixture
def run_script(tiny_folder):
    """Function (script, *arguments): run it in the tiny folder; its output is in the error."""

    def run(script: str, *arguments) -> None:
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])
        result = subprocess.run(
            ['bash', str(ROOT / 'tools' / script), *map(str, arguments)], cwd=tiny_folder,
            env={**os.environ, 'PATH': path, 'PORT': str(port), 'OMP_NUM_THREADS': '1'},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert result.returncode == 0, result.stdout

    return run


def test_train(tiny_folder, run_script, train_arguments):
    config, *arguments = train_arguments(
        'two', 'train_cfg.max_iters=2', 'train_dataloader.batch_size=1')
    run_script('dist_train.sh', config, 2, *arguments)
    content = read_checkpoint(tiny_folder / 'two/iter_2.pth')
    assert content['meta']['iter'] == 2
    assert {state['step'].item() for state in content['optimizer']['state'].values()} == {2}
    # The names have no prefix of the wrapper: any number of processes can go on from it.
    assert 'marker.bank.weight' in content['state_dict']


def test_test(trained, tiny_folder, run_script, run_tool, config):
    """Three videos in two tasks: the processes hold different tasks of the same video."""
    for folder, run in (('one', lambda *a: run_tool('test.py', *a)),
                        ('two', lambda c, p, *a: run_script('dist_test.sh', c, p, 2, *a))):
        run(config, trained / 'iter_2.pth', '--work-dir', f'{folder}/tested', '--out',
            f'{folder}/metrics.json', '--show-dir', f'{folder}/pictures')
    first, second = (json.loads((tiny_folder / folder / 'metrics.json').read_text())
                     for folder in ('one', 'two'))
    assert second == pytest.approx(first, abs=1e-9) and len(first) > 10
    for video in range(3):
        images = [cv2.imread(str(tiny_folder / folder / f'pictures/test_0000{video}.png'))
                  for folder in ('one', 'two')]
        assert (images[0] == images[1]).all()
