"""The examples of projects/README.md, as they stand there."""
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ausm_mm.datasets.synthetic import SyntheticOptions, write_synthetic

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A folder like this repository's, with the files of the examples."""
    readme = (ROOT / 'projects/README.md').read_text()
    for code in re.findall(r'```python\n(.*?)```', readme, re.DOTALL):
        path = tmp_path / code.splitlines()[0].removeprefix('# ')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def train_and_test(name: str) -> dict:
    """Two iterations of an example's config, then its test."""
    cfg = Config.fromfile(f'projects/example/configs/{name}.py')
    cfg.merge_from_dict(dict(
        work_dir='work', randomness=dict(seed=0), param_scheduler=None,
        val_dataloader=None, val_cfg=None, val_evaluator=None,
        train_cfg=dict(max_iters=2), train_dataloader=dict(batch_size=1)))
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.test()


@pytest.fixture
def synthetic(workspace):
    return write_synthetic('data/synthetic', SyntheticOptions(
        num_train=2, num_val=0, num_test=1, frames=(5, 5), size=(32, 48)))


def test_component(synthetic):
    scores = train_and_test('box_marker')
    assert 0 <= scores['vos/J&F'] <= 1

    from projects.example.box_marker import BoxMarker
    marker = BoxMarker(embed_dims=2, num_ids=4)
    masks = torch.zeros(1, 2, 3, 4)
    masks[0, 0, 0, 1] = masks[0, 0, 1, 3] = 1  # the second object is absent
    painted = marker(torch.tensor([[[2., 5.], [7., 7.]]]), masks)
    expected = torch.tensor([[0., 1, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]])
    torch.testing.assert_close(painted, torch.stack([2 * expected, 5 * expected])[None])


def test_dataset(workspace):
    for split in ('train', 'val'):
        folder = workspace / 'data/boxes' / split / 'street'
        folder.mkdir(parents=True)
        for t in range(5):
            frame = np.random.default_rng(t).integers(0, 256, (120, 180, 3), np.uint8)
            assert cv2.imwrite(str(folder / f'{t:05d}.jpg'), frame)
        rows = [f'{t},3,{20 + 5 * t},30,40,50' for t in range(5)] + ['2,8,100,20,30,30']
        (folder / 'boxes.csv').write_text('\n'.join(rows))
    scores = train_and_test('box_tracks')
    assert 0 <= scores['vos/J&F'] <= 1

    from projects.example.box_tracks import BoxTrackDataset
    dataset = BoxTrackDataset(
        data_root='data/boxes/val', dataset_name='boxes', task='prompted', exhaustive=False,
        pipeline=[dict(type='SampleClip', length=5), dict(type='LoadClipFrames'),
                  dict(type='LoadClipMasks')])
    clip = dataset[0]
    assert clip['object_ids'].tolist() == [3, 8]
    assert clip['masks'].sum((2, 3)).tolist() == [[2000] * 5, [0, 0, 900, 0, 0]]
    assert clip['masks'][0, 1, 30:80, 25:65].all()


def test_metric(synthetic):
    scores = train_and_test('track_count')
    found = scores['tracks/surplus'] + synthetic['splits']['test']['objects']
    assert found == int(found) and 0 <= found <= 16  # one video; as many as there are IDs
    assert 0 <= scores['vis/AP'] <= 1

    from projects.example.track_count import TrackCount
    metric = TrackCount()
    metric.process(None, [
        dict(task='unprompted', pred_tracks=[1, 2, 3], gt_tracks=[1]),
        dict(task='prompted', pred_tracks=[1], gt_tracks=[1, 2, 3]),
        dict(task='unprompted', pred_tracks=[], gt_tracks=[1])])
    assert metric.evaluate(size=3) == {'tracks/surplus': 0.5}
