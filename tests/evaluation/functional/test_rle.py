import numpy as np
import pytest

from ausm_mm.evaluation.functional import rle


@pytest.mark.parametrize('seed', range(5))
def test_intersections_and_ious_equal_dense_ones(seed):
    rng = np.random.default_rng(seed)
    first = [rng.random((31, 47)) < p for p in (0, .1, .5, 1)]
    second = [rng.random((31, 47)) < p for p in (.3, 0, .9)]
    areas = rle.areas([rle.encode(m) for m in first])
    np.testing.assert_array_equal(areas, [m.sum() for m in first])
    shared = rle.intersections(
        [rle.encode(m) for m in first], [rle.encode(m) for m in second], areas)
    ious = rle.pairwise_iou([rle.encode(m) for m in first], [rle.encode(m) for m in second])
    expected = np.array([[(a & b).sum() for b in second] for a in first])
    union = np.array([[(a | b).sum() for b in second] for a in first])
    np.testing.assert_array_equal(shared, expected)
    np.testing.assert_allclose(ious, expected / np.maximum(union, 1))


def test_shared_pixels_of_tracks():
    rng = np.random.default_rng(0)
    masks = rng.random((2, 5, 9, 7)) < .4
    first, second = ([rle.encode(mask) for mask in track] for track in masks)
    first[0] = second[3] = None
    assert rle.shared_pixels(first, second) == (masks[0] & masks[1])[[1, 2, 4]].sum()
    assert rle.shared_pixels([None], [second[0]]) == rle.shared_pixels([], []) == 0


def test_no_masks():
    mask = rle.encode(np.ones((2, 3), bool))
    assert rle.areas([None, mask, None]).tolist() == [0, 6, 0]
    assert rle.areas([]).shape == (0, )
    assert rle.pairwise_iou([mask], []).shape == (1, 0)
    assert rle.area(None) == 0
    assert not rle.decode(None, 2, 3).any()
