import copy
import json
import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils

from ausm_mm.errors import UserError
from ausm_mm.registry import METRICS
from ausm_mm.structures import ClipDataSample, Track

ROOT = Path(__file__).parents[3]
TOOL = runpy.run_path(str(ROOT / 'tools/analysis_tools/scaling_table.py'))
SIZE = (8, 12)
STRATEGIES = {'videos, passes: 1', 'videos, passes: 2', 'videos, passes: 3', 'images, views: 1',
              'images, views: 2', 'images, views: 3', 'images, corners: 6'}


@pytest.fixture(autouse=True)
def default_scope():
    init_default_scope('ausm_mm')


@pytest.fixture(autouse=True)
def loggers(monkeypatch):
    """The tool's quiet logger does not outlive a test."""
    monkeypatch.setattr(MMLogger, '_instance_dict', MMLogger._instance_dict.copy())


def _rle(column):
    mask = np.zeros(SIZE, np.uint8, order='F')
    mask[2:6, column:column + 3] = 1
    return mask_utils.encode(mask)


class Videos(list):
    """A data set of a prompted video and two unprompted ones of three and two frames."""

    def __init__(self):
        super().__init__([self._item('prompted', 5, 2, []), self._item('unprompted', 9, 3, [
            Track(4, 1, 1., [_rle(0), None, _rle(2)]), Track(6, 0, 1., [None, None, _rle(7)])]),
            self._item('unprompted', 3, 2, [Track(2, 0, 1., [_rle(5), _rle(6)])])])

    @staticmethod
    def _item(task, video_id, T, tracks):
        sample = ClipDataSample(metainfo=dict(
            task=task, video_id=video_id, video_name=f'v{video_id}', ori_shape=SIZE,
            img_shape=SIZE, classes=('disc', 'square'), dataset_name='shapes'))
        sample.gt_tracks = tracks
        return dict(inputs=[torch.full((3, *SIZE), 10 * video_id + t) for t in range(T)],
                    data_samples=sample)

    def get_data_info(self, index):
        return dict(task=self[index]['data_samples'].task)


def test_unprompted_videos():
    videos = list(TOOL['unprompted_videos'](Videos()))
    assert [item['data_samples'].video_id for item in videos] == [9, 3]


def test_frames_are_images():
    frames = list(TOOL['single_frames'](Videos()))
    assert [int(item['inputs'][0][0, 0, 0]) for item in frames] == [90, 91, 92, 30, 31]
    assert all(len(item['inputs']) == 1 for item in frames)
    samples = [item['data_samples'] for item in frames]
    assert [sample.video_id for sample in samples] == [1, 2, 3, 4, 5]
    assert [sample.video_name for sample in samples][1:4] == ['v9, frame 1', 'v9, frame 2',
                                                             'v3, frame 0']
    assert {(sample.task, sample.dataset_name, sample.ori_shape) for sample in samples} == {
        ('unprompted', 'shapes', SIZE)}


def test_annotation_of_the_frames():
    annotation = TOOL['image_annotation'](Videos())
    json.dumps(annotation)
    assert annotation['images'] == [dict(id=i, height=8, width=12) for i in range(1, 6)]
    assert annotation['categories'] == [dict(id=1, name='disc'), dict(id=2, name='square')]
    found = [(a['id'], a['image_id'], a['category_id'], a['bbox'], a['area'], a['iscrowd'])
             for a in annotation['annotations']]
    assert found == [
        (1, 1, 2, [0, 2, 3, 4], 12, 0), (2, 3, 2, [2, 2, 3, 4], 12, 0),
        (3, 3, 1, [7, 2, 3, 4], 12, 0), (4, 4, 1, [5, 2, 3, 4], 12, 0),
        (5, 5, 1, [6, 2, 3, 4], 12, 0)]


def test_frames_and_annotation_belong_together(tmp_path):
    """Images whose prediction is the annotation have an AP of 1, and less if one is missing."""
    annotation = tmp_path / 'frames.json'
    annotation.write_text(json.dumps(TOOL['image_annotation'](Videos())))
    truth = {}
    for item, name in zip(TOOL['single_frames'](Videos()), (90, 91, 92, 30, 31)):
        video, t = divmod(name, 10)
        tracks = next(other['data_samples'].gt_tracks for other in Videos()
                      if other['data_samples'].video_id == video)
        truth[item['data_samples'].video_id] = [
            Track(track.object_id, track.label, .9, [track.segmentations[t]]) for track in tracks]

    def test_step(data):
        sample, = copy.deepcopy(data['data_samples'])
        sample.pred_tracks = truth[sample.video_id]
        return [sample]

    metric = METRICS.build(dict(type='COCOVideoMetric', ann_file=str(annotation)))
    model = SimpleNamespace(test_step=test_step)
    assert TOOL['average_precision'](
        model, TOOL['single_frames'](Videos()), metric) == pytest.approx(1)
    truth[5] = []  # one of three discs
    assert TOOL['average_precision'](
        model, TOOL['single_frames'](Videos()), metric) == pytest.approx((1 + 67 / 101) / 2)


def _scale(monkeypatch, seeds):
    """Rows of a model whose AP is 0.1 per pass and 0.02 per seed."""
    model = SimpleNamespace()
    monkeypatch.setitem(
        TOOL['scaling'].__globals__, 'average_precision',
        lambda model, items, metric: .1 * model.test_strategy.passes + .02 * model.test_seed)
    strategies = {f'{k}': dict(type='VideoPasses', passes=k) for k in (1, 3)}
    return TOOL['scaling'](model, lambda: iter(()), None, strategies, seeds)


def test_mean_and_spread(monkeypatch):
    rows = _scale(monkeypatch, 3)
    assert [row[0] for row in rows] == ['1', '3']
    assert rows[0][1:] == pytest.approx((.12, .02, .10, .14))
    assert rows[1][1:] == pytest.approx((.32, .02, .30, .34))


def test_one_seed_has_no_spread(monkeypatch):
    assert _scale(monkeypatch, 1) == [('1', .1, None, .1, .1),
                                      ('3', *[pytest.approx(.3)], None, *[pytest.approx(.3)] * 2)]


@pytest.mark.parametrize('evaluators', [None, dict(type='VOSMetric'), [dict(type='VOSMetric')]])
def test_nothing_scores_unprompted_videos(evaluators):
    with pytest.raises(UserError, match='c.py: its test_evaluator has no VISMetric'):
        TOOL['find_metric'](evaluators, 'c.py')


def test_command_line(trained, run_tool, config, capsys):
    run_tool('analysis_tools/scaling_table.py', config, trained / 'iter_2.pth', '--seeds', 1,
             '--work-dir', 'scaled', '--cfg-options',
             'test_dataloader.dataset.datasets.0.indices=1')  # of three videos
    rows = re.findall(r'^\| (\w+, \w+: \d) +\| ([\d.]+) \| +- \| ([\d.]+) \| ([\d.]+) \|',
                      capsys.readouterr().out, re.MULTILINE)
    assert {name for name, *_ in rows} == STRATEGIES and len(rows) == len(STRATEGIES)
    assert all(0 <= float(mean) <= 1 and mean == low == high for _, mean, low, high in rows)


def test_wrong_input(trained, run_tool, tool_error, config, capsys):
    davis = str(ROOT / 'configs/ausm/ausm_tiny_davis2016.py')
    assert 'has no VISMetric or COCOVideoMetric' in tool_error(
        'analysis_tools/scaling_table.py', davis, trained / 'iter_2.pth')
    assert 'no such checkpoint' in tool_error(
        'analysis_tools/scaling_table.py', config, 'gone.pth', '--work-dir', 'scaled')
    with pytest.raises(SystemExit):
        run_tool('analysis_tools/scaling_table.py', config, 'gone.pth', '--seeds', 0)
    assert '--seeds 0: must be at least 1' in capsys.readouterr().err
