import json
import sys

import numpy as np
import pytest
from mmengine.evaluator import Evaluator

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.registry import METRICS
from ausm_mm.structures import ClipDataSample, Track


def box(x0, x1):
    mask = np.zeros((8, 20), bool)
    mask[:, x0:x1] = True
    return encode(mask)


@pytest.fixture
def ann_file(tmp_path):
    mask = box(0, 4)
    content = dict(
        videos=[dict(id=3, height=8, width=20)], categories=[dict(id=7, name='dog')],
        annotations=[dict(id=1, video_id=3, category_id=7, segmentations=[
            dict(mask, counts=mask['counts'].decode())] * 4)])
    (tmp_path / 'instances.json').write_text(json.dumps(content))
    return str(tmp_path / 'instances.json')


def test_one_track_in_two_pieces(ann_file):
    pytest.importorskip('trackeval', reason='the extra "hota" is not installed')
    halves = [Track(1, 0, .9, [box(0, 4)] * 2 + [None] * 2),
              Track(2, 0, .8, [None] * 2 + [box(0, 4)] * 2), Track(3, 0, .4, [box(8, 12)] * 4)]
    sample = ClipDataSample(
        metainfo=dict(video_id=3, classes=('dog', ), task='unprompted'), pred_tracks=halves)
    evaluator = Evaluator([METRICS.build(dict(
        type='HOTAMetric', ann_file=ann_file, min_score=.5))])
    evaluator.process([sample])
    assert evaluator.evaluate(1) == pytest.approx({
        'hota/HOTA': .5**.5, 'hota/DetA': 1, 'hota/AssA': .5, 'hota/IDSW': 1})


def test_missing_package_is_said_before_the_test(ann_file, monkeypatch):
    monkeypatch.setitem(sys.modules, 'trackeval', None)
    monkeypatch.setitem(sys.modules, 'trackeval.metrics', None)
    with pytest.raises(UserError, match='trackeval, which is not installed'):
        METRICS.build(dict(type='HOTAMetric', ann_file=ann_file, min_score=.5))
