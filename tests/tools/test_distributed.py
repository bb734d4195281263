"""Several processes, which share no GPU here: what two of them give is what one gives."""
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ausm_mm.engine import read_checkpoint
from ausm_mm.evaluation.results import load_results
from ausm_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason='would need two GPUs')

# Swin and Mask2Former's pixel encoder in small: BatchNorm, which the tiny model has, sees the
# clips of its own rank only. Two heads, of which a rank uses one or both, and clips without a
# detection loss.
CONFIG = '''
_base_ = '{base}'
dims = 64
model = dict(
    data_preprocessor=dict(pad_divisor=32),
    backbone=dict(
        _delete_=True, type='mmpretrain.SwinTransformer', img_size=64, window_size=4,
        arch=dict(embed_dims=16, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2]), drop_path_rate=0.,
        out_indices=(0, 1, 2, 3), pad_small_map=True),
    pixel_encoder=dict(
        _delete_=True, type='MSDeformAttnPixelDecoder', in_channels=[16, 32, 64, 128],
        strides=[4, 8, 16, 32], feat_channels=dims, out_channels=dims, num_outs=3,
        norm_cfg=dict(type='GN', num_groups=8),
        encoder=dict(num_layers=1, layer_cfg=dict(
            self_attn_cfg=dict(
                embed_dims=dims, num_heads=4, num_levels=3, num_points=4, dropout=0.,
                batch_first=True),
            ffn_cfg=dict(embed_dims=dims, feedforward_channels=128, ffn_drop=0.))),
        positional_encoding=dict(num_feats=dims // 2, normalize=True)),
    head=dict(num_classes=dict(other=4), num_levels=3), with_cp=True)
source = dict(
    type='YouTubeVISDataset', data_root='data/synthetic/ytvis/', ann_file='train.json',
    data_prefix=dict(img='train/JPEGImages/'),
    pipeline=[dict(type='SampleClip', length=2), *_base_.train_pipeline[1:]])
train_dataloader = dict(batch_size=2, dataset=dict(
    _delete_=True, type='MultiSourceDataset', datasets=[
        dict(dataset_name='synthetic', **source),
        dict(dataset_name='other', task='prompted', exhaustive=False, **source)]))
train_cfg = dict(max_iters=5, val_interval=1000)
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=3))
randomness = dict(seed=0)
load_from = 'start.pth'
'''


@pytest.fixture(scope='module')
def swin(tiny_folder, config) -> str:
    path = tiny_folder / 'swin.py'
    path.write_text(CONFIG.format(base=config))
    init_default_scope('ausm_mm')
    model = MODELS.build(Config.fromfile(path).model)
    torch.save(model.state_dict(), tiny_folder / 'start.pth')  # all have the same start
    return str(path)


@pytest.fixture(scope='module')
def launch(tiny_folder):
    """Function (command): run it in the tiny folder; its output is in the error."""

    def run(*command) -> None:
        with socket.socket() as free:
            free.bind(('127.0.0.1', 0))
            port = free.getsockname()[1]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])
        result = subprocess.run(
            [*map(str, command)], cwd=tiny_folder,
            env={**os.environ, 'PATH': path, 'PORT': str(port), 'OMP_NUM_THREADS': '1'},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert result.returncode == 0, result.stdout

    return run


@pytest.fixture(scope='module')
def trained_by_one_and_two(tiny_folder, run_tool, launch, swin) -> Path:
    """Work directories: 'one' process with two clips, 'two' processes with one each, 'sharded'
    ones, which are stopped after the third iteration and go on in 'sharded' from there."""
    run_tool('train.py', swin, '--work-dir', 'one')
    half = ['--launcher', 'pytorch', '--cfg-options', 'train_dataloader.batch_size=1']
    sharded = ['train.py', swin, '--work-dir', 'sharded', *half, 'runner_type=FlexibleRunner',
               'strategy.type=FullyShardedStrategy']
    (tiny_folder / 'runs.json').write_text(json.dumps([
        [*sharded, 'train_cfg.max_iters=3'],
        [*sharded, 'randomness.seed=8', '--resume'],
        ['train.py', swin, '--work-dir', 'two', *half]]))
    launch('torchrun', '--nproc_per_node=2', '--rdzv-backend=c10d', '--rdzv-endpoint=127.0.0.1:0',
           ROOT / 'tests/tools/several_runs.py', 'runs.json')
    return tiny_folder


def losses(work_dir: Path) -> list:
    """Logged losses of each iteration, in order, of all runs in a work directory."""
    entries = [json.loads(line) for path in sorted(work_dir.glob('*/vis_data/scalars.json'))
               for line in path.read_text().splitlines()]
    return [{key: value for key, value in sorted(entry.items()) if 'loss' in key}
            for entry in entries if 'loss' in entry]


@pytest.mark.parametrize('name', ['two', 'sharded'])
def test_training_equals_one_process(trained_by_one_and_two, name):
    one, other = trained_by_one_and_two / 'one', trained_by_one_and_two / name
    expected, found = losses(one), losses(other)
    assert len(expected) == len(found) == 5
    for a, b in zip(expected, found):
        assert len(a) == 8 and b == pytest.approx(a, rel=1e-5, abs=1e-5)
    a, b = (read_checkpoint(folder / 'iter_5.pth')['state_dict'] for folder in (one, other))
    torch.testing.assert_close(b, a, rtol=0, atol=1e-5)
    start = read_checkpoint(trained_by_one_and_two / 'start.pth')
    for part in ('backbone', 'head.classifiers.heads.other', 'head.classifiers.heads.synthetic'):
        moved = max((a[key] - start[key]).abs().max() for key in a if key.startswith(part))
        assert moved > 1e-4  # far more than what may differ


@pytest.mark.parametrize('name', ['two', 'sharded'])
def test_one_process_can_go_on_from_several(trained_by_one_and_two, run_tool, swin, name):
    """The names have no prefix of a wrapper, the tensors are whole."""
    folder = trained_by_one_and_two
    run_tool('train.py', swin, '--work-dir', f'on_{name}', '--resume', folder / name / 'iter_3.pth')
    a, b = (read_checkpoint(folder / work_dir / 'iter_5.pth') for work_dir in ('one', f'on_{name}'))
    torch.testing.assert_close(b['state_dict'], a['state_dict'], rtol=0, atol=1e-5)
    torch.testing.assert_close(
        b['optimizer']['state'], a['optimizer']['state'], rtol=1e-4, atol=1e-5)


def test_test(trained, tiny_folder, launch, run_tool, config):
    """Five videos, of which one process gets three: they hold different tasks of the same video.
    The two processes go on from some results of the one."""
    options = ['--cfg-options', 'test_dataloader.dataset.datasets.1.indices=2']
    for folder, run in (
            ('one', lambda *a: run_tool('test.py', *a)),
            ('two', lambda c, p, *a: launch('bash', ROOT / 'tools/dist_test.sh', c, p, 2, *a))):
        run(config, trained / 'iter_2.pth', '--work-dir', f'{folder}/tested', '--out',
            f'{folder}/metrics.json', '--results', f'{folder}/results', '--show-dir',
            f'{folder}/pictures', *options)
        if folder == 'one':
            shutil.copytree(tiny_folder / 'one/results', tiny_folder / 'two/results')
            (tiny_folder / 'two/results/synthetic-unprompted.zip').unlink()
            for task, video in (('unprompted', 1), ('unprompted', 3), ('prompted', 2)):
                (tiny_folder / f'two/results/synthetic-{task}/tracks/{video}.json').unlink()
    first, second = (json.loads((tiny_folder / folder / 'metrics.json').read_text())
                     for folder in ('one', 'two'))
    assert second == pytest.approx(first, abs=1e-9) and len(first) > 10
    first, second = (load_results(tiny_folder / folder / 'results/synthetic-unprompted.zip')
                     for folder in ('one', 'two'))
    assert len(first) == len(second) > 3
    for ours, theirs in zip(second, first):
        assert ours == dict(theirs, score=pytest.approx(theirs['score'], abs=1e-6))
    for video in range(3):
        images = [cv2.imread(str(tiny_folder / folder / f'pictures/test_0000{video}.png'))
                  for folder in ('one', 'two')]
        assert (images[0] == images[1]).all()
