import json

import numpy as np
import pytest
from mmengine.evaluator import Evaluator

from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.registry import METRICS
from ausm_mm.structures import ClipDataSample, Track

EMPTY = encode(np.zeros((8, 20), bool))


def box(x0, x1):
    mask = np.zeros((8, 20), bool)
    mask[:, x0:x1] = True
    return encode(mask)


def sample(name, truths, predictions, **metainfo):
    return ClipDataSample(
        metainfo=dict(video_name=name, ori_shape=(8, 20), task='prompted', **metainfo),
        gt_tracks=truths,
        pred_tracks=predictions)


def evaluate(samples, **kwargs):
    evaluator = Evaluator([METRICS.build(dict(type='VOSMetric', **kwargs))])
    for item in samples:
        evaluator.process([item])
    return evaluator.evaluate(len(samples))


def test_figures(tmp_path):
    # Object 1: J = 1, 0.5 (visible), hidden and predicted; object 2: hidden and empty, J = 0.
    samples = [
        sample('a', [Track(1, 0, 1., [box(0, 8)] * 3 + [None, box(0, 8)])],
               [Track(1, 0, 1., [None, box(0, 8), box(0, 4), box(0, 4), None])]),
        sample('b', [Track(2, 0, 1., [box(0, 4), None, box(0, 4), box(0, 4)])],
               [Track(2, 0, 1., [None, EMPTY, EMPTY, EMPTY])]),
    ]
    scores = evaluate(samples, outfile_prefix=str(tmp_path / 'val'))
    assert scores['vos/J'] == pytest.approx((1.5 / 3 + 1 / 2) / 2)
    assert scores['vos/J&F'] == pytest.approx((scores['vos/J'] + scores['vos/F']) / 2)
    assert scores['vos/J_visible'] == pytest.approx(1.5 / 3)
    assert scores['vos/hidden_empty'] == .5
    assert scores['vos/J_recall'] == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert scores['vos/J_decay'] == pytest.approx(((1 + .5) / 2 + 1) / 2)
    written = json.loads((tmp_path / 'val.metrics.json').read_text())
    assert written['per_sequence']['b']['J'] == .5
    assert [frame['J'] for frame in written['per_frame']['a']['1']] == [1, .5, 0]
    assert written['J'] == scores['vos/J']


def test_no_hidden_frame_leaves_the_share_out():
    scores = evaluate([sample('a', [Track(1, 0, 1., [box(0, 8)] * 3)], [])])
    keys = ('J', 'F', 'J&F', 'J_visible', 'J_recall', 'J_decay', 'F_recall', 'F_decay')
    assert scores == {f'vos/{key}': 0 for key in keys}


def test_nothing_to_score():
    with pytest.raises(ValueError, match='No object has a frame to score'):
        evaluate([sample('a', [Track(1, 0, 1., [box(0, 8)] * 2)], [])])


def test_wrong_size_names_the_sequence():
    small = encode(np.ones((4, 10), bool))
    with pytest.raises(ValueError, match=r'object 1 of sequence a .*\[4, 10\] in frame 1.*\[8, 20'):
        evaluate([sample('a', [Track(1, 0, 1., [box(0, 8)] * 3)],
                         [Track(1, 0, 1., [None, small, None])])])


def test_only_annotated_frames_count():
    """Every second of 7 frames has a mask; between them an object is not hidden, but unknown."""
    truth = Track(1, 0, 1., [box(0, 8), None, box(0, 8), None, None, None, box(0, 8)])
    found = Track(1, 0, 1., [None, box(0, 8), box(0, 4), box(0, 8), box(0, 8), None, box(0, 8)])
    item = sample('a', [truth], [found], annotated_frames=[0, 2, 4, 6])
    scores = evaluate([item])
    assert scores['vos/J'] == pytest.approx((.5 + 0) / 2)
    assert scores['vos/hidden_empty'] == 0
    assert evaluate([item], skip_last=False)['vos/J'] == pytest.approx((.5 + 0 + 1) / 3)


def test_youtube_vos():
    """J = F = 1 for what is found and 0 for the rest; object 2 starts late."""
    mask = box(0, 8)
    samples = [
        sample('a', [Track(1, 0, 1., [mask] * 3), Track(2, 0, 1., [None, mask, mask])],
               [Track(1, 0, 1., [None, mask, None]), Track(2, 0, 1., [None, None, mask])],
               seen_objects={1: True, 2: False}, annotated_frames=[0, 1, 2]),
        sample('b', [Track(1, 0, 1., [mask] * 2)], [], seen_objects={1: True}),
    ]
    scores = evaluate(samples, skip_last=False)
    assert {key: scores[f'vos/{key}'] for key in ('J_seen', 'F_unseen', 'G')} == pytest.approx(
        dict(J_seen=.25, F_unseen=1, G=(.25 + .25 + 1 + 1) / 4))
    del samples[1].seen_objects
    assert 'vos/G' not in evaluate(samples, skip_last=False)


def test_hidden_ground_truth_gives_no_figures():
    """First masks only, of objects that start in several frames."""
    mask = box(0, 8)
    truths = [Track(1, 0, 1., [mask, None, None, None]), Track(2, 0, 1., [None, mask, None, None]),
              Track(3, 0, 1., [None, None, mask, None])]
    found = [Track(i, 0, 1., [None, mask, None, None]) for i in (1, 2, 3)]
    assert evaluate([sample('a', truths, found, annotated_frames=[0, 1, 2])]) == {}
