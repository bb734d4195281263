import numpy as np
import pytest

from ausm_mm.evaluation.functional.baselines import copy_first_mask, link_by_iou
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.structures import ClipDataSample, Track


def box(x0, x1):
    mask = np.zeros((8, 20), bool)
    mask[:, x0:x1] = True
    return encode(mask)


def test_copy_first_mask():
    first = Track(5, 0, 1.0, [box(0, 4), None, None, None])
    late = Track(2, 1, 1.0, [None, None, box(8, 12), None])
    sample = ClipDataSample(prompts={2: [late], 0: [first]})
    assert copy_first_mask(sample) == [
        Track(5, 0, 1.0, [box(0, 4)] * 4),
        Track(2, 1, 1.0, [None, None, box(8, 12), box(8, 12)]),
    ]
    assert copy_first_mask(ClipDataSample(prompts={})) == []


def test_link_follows_moving_masks_and_averages_scores_over_all_frames():
    tracks = link_by_iou([
        [(0, .9, box(0, 4)), (1, .4, box(10, 14))],
        [(1, .6, box(11, 15)), (0, .7, box(1, 5))],
        [(0, .5, box(2, 6))],
    ])
    assert [(t.object_id, t.label) for t in tracks] == [(1, 0), (2, 1)]
    assert [t.score for t in tracks] == pytest.approx([2.1 / 3, 1 / 3])
    assert tracks[0].segmentations == [box(0, 4), box(1, 5), box(2, 6)]
    assert tracks[1].segmentations == [box(10, 14), box(11, 15), None]


def test_link_needs_the_same_label_and_enough_overlap():
    assert len(link_by_iou([[(0, 1., box(0, 4))], [(1, 1., box(0, 4))]])) == 2
    frames = [[(0, 1., box(0, 4))], [(0, 1., box(2, 6))]]  # IoU 1/3
    assert len(link_by_iou(frames, iou_threshold=.34)) == 2
    assert len(link_by_iou(frames, iou_threshold=.33)) == 1


def test_link_takes_the_best_sum_of_overlaps():
    # Greedily the first track would take box(1, 5) (IoU 0.6) and leave nothing for the second.
    tracks = link_by_iou([[(0, 1., box(0, 4)), (0, 1., box(2, 6))],
                          [(0, 1., box(1, 5)), (0, 1., box(0, 3))]], iou_threshold=.3)
    assert [t.segmentations[1] for t in tracks] == [box(0, 3), box(1, 5)]


def test_link_bridges_short_gaps_only():
    seen = [(0, 1., box(0, 4))]
    bridged = link_by_iou([seen, [], [], seen], max_gap=2)
    assert [t.segmentations for t in bridged] == [[box(0, 4), None, None, box(0, 4)]]
    assert len(link_by_iou([seen, [], [], [], seen], max_gap=2)) == 2


def test_link_of_nothing():
    assert link_by_iou([]) == []
    assert link_by_iou([[], []]) == []
    assert link_by_iou([[(0, 1., encode(np.zeros((8, 20), bool)))]]) == []


def test_link_many():
    frames = [[(0, 1., box(i, i + 1)) for i in range(20)]] * 5
    tracks = link_by_iou(frames)
    assert len(tracks) == 20
    assert all(t.segmentations == [t.segmentations[0]] * 5 for t in tracks)


def test_link_refuses_nan():
    with pytest.raises(ValueError, match='Detection 0 of frame 1 has the score nan'):
        link_by_iou([[], [(0, float('nan'), box(0, 4))]])
