"""tools/train.py and tools/test.py end to end."""
import json
import shutil
from pathlib import Path

import cv2
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ausm_mm.engine import read_checkpoint

LOSSES = {f'{rows}.loss_{part}' for rows in ('track', 'detect') for part in ('cls', 'mask', 'dice')}


def read_log(work_dir: Path) -> list:
    """One dict for each training iteration of the latest run."""
    latest = max(work_dir.glob('*/vis_data/scalars.json'))
    entries = map(json.loads, latest.read_text().splitlines())
    return [entry for entry in entries if 'loss' in entry]


def test_train(trained):
    first, second = read_log(trained)
    assert (first['iter'], second['iter']) == (1, 2)
    assert LOSSES < first.keys() and first['loss'] == pytest.approx(sum(first[k] for k in LOSSES))
    content = read_checkpoint((trained / 'last_checkpoint').read_text())
    assert content['meta']['iter'] == 2
    assert {state['step'].item() for state in content['optimizer']['state'].values()} == {2}


def test_resume(trained, tiny_folder, run_tool, train_arguments):
    before = read_checkpoint(trained / 'iter_2.pth')
    work_dir = tiny_folder / 'resumed'
    shutil.copytree(trained, work_dir)
    (work_dir / 'last_checkpoint').write_text(str(work_dir / 'iter_2.pth'))

    run_tool('train.py', *train_arguments('resumed', 'train_cfg.max_iters=4'), '--resume')

    log = read_log(work_dir)
    assert [entry['iter'] for entry in log] == [3, 4]
    after = read_checkpoint(work_dir / 'iter_4.pth')
    assert after['meta']['iter'] == 4
    assert {state['step'].item() for state in after['optimizer']['state'].values()} == {4}
    assert len(after['message_hub']['log_scalars']['train/loss'].data[0]) == 4
    # Two steps of AdamW from the old weights, not from new ones
    longest = 3 * (log[0]['lr'] + log[1]['lr'])
    for name in ('marker.bank.weight', 'head.query_feat.weight'):
        old, new = before['state_dict'][name], after['state_dict'][name]
        assert 0 < (new - old).abs().max() < longest


def test_amp(trained, tiny_folder, run_tool, train_arguments):
    """bfloat16 rounds the loss of the first iteration, but no weight."""
    run_tool('train.py', *train_arguments('amp'), '--amp')
    exact, rounded = read_log(trained)[0]['loss'], read_log(tiny_folder / 'amp')[0]['loss']
    assert rounded != exact and rounded == pytest.approx(exact, rel=0.02)
    content = read_checkpoint(tiny_folder / 'amp/iter_1.pth')
    assert torch.bfloat16 not in {weight.dtype for weight in content['state_dict'].values()}


def test_tensorboard(tiny_folder, run_tool, train_arguments):
    run_tool('train.py', *train_arguments('curves'), '--tensorboard')
    work_dir = tiny_folder / 'curves'
    events = EventAccumulator(str(next(work_dir.glob('*/vis_data/events.*')).parent)).Reload()
    assert LOSSES | {'loss', 'lr'} <= set(events.Tags()['scalars'])
    assert events.Scalars('loss')[0].value == pytest.approx(read_log(work_dir)[0]['loss'])


def test_test(trained, tiny_folder, run_tool, config):
    run_tool('test.py', config, trained / 'iter_2.pth', '--work-dir', 'tested', '--out',
             'tested/figures/metrics.json', '--show-dir', 'tested/pictures', '--show-videos', 2)

    metrics = json.loads((tiny_folder / 'tested/figures/metrics.json').read_text())
    assert {'vis/AP', 'vis/AP50', 'vos/J', 'vos/F', 'vos/J&F'} <= metrics.keys()
    assert 0 <= metrics['vis/AP'] <= metrics['vis/AP50'] <= 1
    assert metrics['vos/J&F'] == pytest.approx((metrics['vos/J'] + metrics['vos/F']) / 2)
    pictures = sorted(path.name for path in (tiny_folder / 'tested/pictures').iterdir())
    assert pictures == ['test_00000.mp4', 'test_00000.png', 'test_00001.mp4', 'test_00001.png']
    video = cv2.VideoCapture(str(tiny_folder / 'tested/pictures/test_00000.mp4'))
    frames = tiny_folder / 'data/synthetic/ytvis/test/JPEGImages/test_00000'
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == len(list(frames.iterdir()))
    # Input, ground truth and both tasks, two by two under their titles
    assert video.read()[1].shape == (2 * (288 + 24), 2 * (432 + 2), 3)
    assert cv2.imread(str(tiny_folder / 'tested/pictures/test_00000.png')).shape[2] == 3


def test_load_from_of_the_config_does_not_replace_the_checkpoint(
        trained, tiny_folder, run_tool, config):
    """Such a config was fine-tuned; its starting point may not even exist any more."""
    run_tool('test.py', config, trained / 'iter_2.pth', '--work-dir', 'fine', '--out',
             'fine/metrics.json', '--cfg-options', 'load_from=gone.pth')
    assert (tiny_folder / 'fine/metrics.json').exists()
