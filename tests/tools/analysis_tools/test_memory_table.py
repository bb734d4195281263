"""tools/analysis_tools/memory_table.py; what it measures depends on the machine."""
import runpy
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

ROOT = Path(__file__).parents[3]
TOOL = str(ROOT / 'tools/analysis_tools/memory_table.py')
CONFIG = str(ROOT / 'configs/ausm/ausm_tiny_synthetic-10min.py')

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason='measures there otherwise')


@pytest.fixture(scope='module')
def tool():
    return runpy.run_path(TOOL)


def test_straight_line(tool):
    """The line is 10/3 + 2 x; the second of the figures is the farthest from it."""
    peak, fixed, off = tool['extrapolate']([1, 2, 3], [5, 8, 9], 100)
    assert (peak, fixed, off) == pytest.approx((200 + 10 / 3, 10 / 3, 1 / 12))


def test_clip_of_share(tool):
    shrink = tool['clip_of_share']
    assert shrink((5, 640, 960), Fraction(1)) == (5, 640, 960)
    assert shrink((5, 640, 960), Fraction(1, 4)) == (5, 320, 480)
    assert shrink((3, 64, 96), Fraction(1, 10**6)) == (3, 32, 32)


def test_noise_clip(tool):
    batch = tool['noise_clip']('synthetic', (4, 32, 48), 3)
    assert batch['inputs'][0].shape == (4, 3, 32, 48) and batch['inputs'][0].dtype == torch.uint8
    masks = batch['data_samples'][0].gt_instances.masks
    assert masks.shape == (3, 4, 32, 48)
    assert masks.flatten(2).any(-1).tolist() == [[True] * 4, [False] * 2 + [True] * 2, [True] * 4]


def test_measure(tool):
    """More pixels take more memory, after fewer in the same process as well."""
    threads = torch.get_num_threads()
    try:
        peaks = tool['measure'](CONFIG, {}, [(2, 32, 32), (6, 128, 192)], 2)
    finally:
        torch.set_num_threads(threads)
    assert 0 <= peaks[0] < peaks[1] < 10


@pytest.fixture
def run(tool, monkeypatch, capsys):
    """Function (arguments): what main prints, with made-up figures: 1 GB and 1 GB a megapixel,
    half of it with checkpointing."""

    class Pool:

        def __init__(self, *args, **kwargs):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def submit(self, function, path, options, clips, objects):
            share = 0.5 if 'model.with_cp' in options else 1
            peaks = [1 + share * T * H * W / 1e6 for T, H, W in clips]
            return SimpleNamespace(result=lambda: peaks)

    def run_(*arguments):
        monkeypatch.setattr(sys, 'argv', [TOOL, CONFIG, *arguments])
        monkeypatch.setitem(tool['main'].__globals__, 'ProcessPoolExecutor', Pool)
        tool['main']()
        return capsys.readouterr().out

    return run_


def test_table(run):
    lines = run('--clip', '5', '640', '960').splitlines()
    cells = {line.split('|')[1].split(',')[1].strip(): [c.strip() for c in line.split('|')[2:-1]]
             for line in lines if line.startswith('| ausm')}
    assert list(cells) == ['plain', 'checkpointing', 'bfloat16', 'both']
    assert cells['plain'][:3] == ['4.0720', '1.0000', '0.0000']
    assert cells['both'][:3] == ['2.5360', '1.0000', '0.0000']
    assert lines[0].startswith('ausm_tiny_synthetic-10min, plain: 5x128x160 1.102 GB, ')


def test_measuring_the_clip_itself(run):
    lines = run('--clip', '1', '64', '96', '--shares', '1', '--settings', 'plain').splitlines()
    line, = (line for line in lines if line.startswith('| ausm'))
    assert [cell.strip() for cell in line.split('|')[2:-1]] == ['1.0061', '-', '-', '1.0061']


@pytest.mark.parametrize('shares', [['1/2', '1'], ['1/2', '1/4', '1/8'], ['1/2', '1/2', '1']])
def test_shares_that_give_no_line(run, shares):
    with pytest.raises(SystemExit, match='^error: --shares gives clips of .* give three or more'):
        run('--clip', '1', '640', '960', '--shares', *shares)
