"""Trainings that meet a power cut, a broken video or a loss that is no number."""
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ausm_mm.engine import read_checkpoint

ROOT = Path(__file__).resolve().parents[2]

KILL_HOOK = '''
import os
import signal

from mmengine.hooks import Hook

from ausm_mm.registry import HOOKS


@HOOKS.register_module()
class KillHook(Hook):
    """After the third iteration, one more than the last checkpoint has."""
    priority = 'VERY_HIGH'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if batch_idx == 2:
            os.kill(os.getpid(), signal.SIGKILL)
'''


@pytest.fixture(scope='module', autouse=True)
def one_thread():
    """The number of threads decides how sums are rounded."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope='module')
def broken_video(tiny_folder) -> Path:
    """Frames of the training set, of which those of one video are cut short."""
    folder = tiny_folder / 'broken'
    shutil.copytree(tiny_folder / 'data/synthetic/ytvis/train/JPEGImages', folder)
    for frame in (folder / 'train_00001').iterdir():
        frame.write_bytes(frame.read_bytes()[:300])
    return folder


@pytest.fixture(scope='module')
def four_iterations(train_arguments, broken_video):
    """Function (work_dir, *settings) -> arguments of tools/train.py, without validation."""

    def build(work_dir, *settings) -> list:
        return train_arguments(
            work_dir, 'train_cfg.max_iters=4', 'default_hooks.checkpoint.interval=2',
            f'train_dataloader.dataset.data_prefix.img={broken_video}', 'val_cfg=None',
            'val_dataloader=None', 'val_evaluator=None', *settings)

    return build


@pytest.fixture(scope='module')
def whole(tiny_folder, run_tool, four_iterations) -> dict:
    """The last checkpoint of a training that nothing interrupted."""
    run_tool('train.py', *four_iterations('whole', 'randomness.seed=5'))
    return read_checkpoint(tiny_folder / 'whole/iter_4.pth')


@pytest.fixture(scope='module')
def killed(tiny_folder, config, four_iterations) -> Path:
    """Work directory of a training that was killed, with workers, after its third iteration."""
    (tiny_folder / 'killer.py').write_text(KILL_HOOK)
    (tiny_folder / 'killed_config.py').write_text(
        f"_base_ = '{config}'\ncustom_imports = dict(imports=['killer'])\n"
        "custom_hooks = [dict(type='KillHook')]\n")
    _, *arguments = four_iterations(
        'killed', 'randomness.seed=5', 'train_dataloader.num_workers=2')
    result = subprocess.run(
        [sys.executable, str(ROOT / 'tools/train.py'), 'killed_config.py', *arguments],
        cwd=tiny_folder, capture_output=True, text=True, check=False,
        env={**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(tiny_folder)})
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert [path.name for path in (tiny_folder / 'killed').glob('*.pth')] == ['iter_2.pth']
    return tiny_folder / 'killed'


@pytest.mark.skipif(torch.cuda.is_available(), reason='GPUs add in a random order')
@pytest.mark.parametrize('workers, cut_short', [(0, True), (2, False)])
def test_killed_and_resumed_equals_uninterrupted(
        whole, killed, tiny_folder, run_tool, four_iterations, workers, cut_short):
    """To the last bit, with a video that cannot be read, with the seed of the first start, and
    also if the crash left half of a checkpoint behind."""
    work_dir = tiny_folder / f'resumed{workers}'
    shutil.copytree(killed, work_dir)
    if cut_short:
        content = (work_dir / 'iter_2.pth').read_bytes()
        (work_dir / 'iter_3.pth').write_bytes(content[:len(content) // 2])

    run_tool('train.py', *four_iterations(
        work_dir, f'train_dataloader.num_workers={workers}',
        f'train_dataloader.persistent_workers={workers > 0}'), '--resume')

    resumed = read_checkpoint(work_dir / 'iter_4.pth')
    for key in ('state_dict', 'optimizer'):
        torch.testing.assert_close(resumed[key], whole[key], rtol=0, atol=0)
    histories = [content['message_hub']['log_scalars']['train/loss'].data[0].tolist()
                 for content in (resumed, whole)]
    assert histories[0] == histories[1] and len(set(histories[0])) == 4
    assert resumed['meta']['seed'] == 5
    unreadable = resumed['message_hub']['runtime_info']['unreadable_items']
    assert unreadable == ['synthetic 1']


def test_unreadable_video_is_named(whole, tiny_folder, broken_video):
    log = next((tiny_folder / 'whole').glob('*/*.log')).read_text()
    lines = [line for line in log.splitlines() if 'unreadable training data' in line]
    assert len(lines) == 1
    assert f'WARNING - unreadable training data, 1 of at most 10: {broken_video}/' in lines[0]
    assert lines[0].endswith('; another item takes its place')


def test_more_unreadable_videos_than_allowed(tool_error, four_iterations, broken_video):
    line = tool_error('train.py', *four_iterations(
        'limit', 'default_hooks.unreadable_data.max_items=0'))
    assert line.startswith('error: 1 items of the training data cannot be read, and max_items=0')
    assert f'{broken_video}/train_00001/' in line and 'is not a readable image' in line


def test_loss_that_is_no_number(trained, tiny_folder, tool_error, train_arguments):
    state = read_checkpoint(trained / 'iter_2.pth')['state_dict']
    state['compressor.layers.1.ffn.2.weight'][0, 0] = torch.nan
    torch.save(state, tiny_folder / 'nan.pth')
    line = tool_error('train.py', *train_arguments('nan', 'load_from=nan.pth'))
    assert line.startswith('error: iteration 1: track.loss_cls, track.loss_mask, ')
    assert (' not finite, first in compressor.layers.1.ffn.2 (Linear), whose weights are not '
            'finite; clips: synthetic/train_0000') in line
    assert line.count('synthetic/train_0000') == 2 and ' frames [' in line
    assert not list((tiny_folder / 'nan').glob('*.pth'))
