import numpy as np
import pytest

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import rle


@pytest.mark.parametrize('seed', range(5))
def test_intersections_and_ious_equal_dense_ones(seed):
    rng = np.random.default_rng(seed)
    first = [rng.random((31, 47)) < p for p in (0, .1, .5, 1)]
    second = [rng.random((31, 47)) < p for p in (.3, 0, .9)]
    shared = rle.intersections([rle.encode(m) for m in first], [rle.encode(m) for m in second])
    ious = rle.pairwise_iou([rle.encode(m) for m in first], [rle.encode(m) for m in second])
    expected = np.array([[(a & b).sum() for b in second] for a in first])
    union = np.array([[(a | b).sum() for b in second] for a in first])
    np.testing.assert_array_equal(shared, expected)
    np.testing.assert_allclose(ious, expected / np.maximum(union, 1))


def test_no_masks():
    mask = rle.encode(np.ones((2, 3), bool))
    assert rle.intersections([], [mask]).shape == (0, 1)
    assert rle.pairwise_iou([mask], []).shape == (1, 0)
    assert rle.area(None) == 0
    assert not rle.decode(None, 2, 3).any()


def test_forms_of_a_segmentation():
    mask = np.zeros((6, 8), bool)
    mask[:, 2:5] = True
    for form in (rle.encode(mask), dict(size=[6, 8], counts=[12, 18, 18]),
                 [[2, 0, 5, 0, 5, 6, 2, 6]], {**rle.encode(mask), 'counts':
                                              rle.encode(mask)['counts'].decode()}):
        decoded = rle.decode(rle.to_rle(form, 6, 8), 6, 8)
        assert decoded.dtype == bool
        np.testing.assert_array_equal(decoded, mask)
    assert rle.to_rle(None, 6, 8) is None
    assert rle.to_rle([], 6, 8) is None


@pytest.mark.parametrize('seed', range(10))
def test_covered_pixels(seed):
    rng = np.random.default_rng(seed)
    height, width = map(int, rng.integers(1, 400, 2))
    mask = rng.random((height, width)) < rng.choice([0, .01, .5, 1])
    counts = rle.encode(mask)['counts']
    assert rle.covered_pixels(counts) == rle.covered_pixels(counts.decode()) == height * width
    assert rle.covered_pixels(counts[:-1]) != height * width


def test_covered_pixels_of_lists_and_nonsense():
    assert rle.covered_pixels([2, 3, 5]) == 10
    assert [rle.covered_pixels(c) for c in ([2, -3, 5], '', '\n\n')] == [-1] * 3


def test_check_rle():
    mask = rle.encode(np.ones((4, 6), bool))
    rle.check_rle(mask, 4, 6)
    with pytest.raises(UserError, match=r'\[4, 6\].*\[6, 4\].*resize'):
        rle.check_rle(mask, 6, 4)
    with pytest.raises(UserError, match='covers 24 pixels.*has 30.*encode'):
        rle.check_rle(dict(mask, size=[5, 6]), 5, 6)
    with pytest.raises(UserError, match='must be an RLE'):
        rle.check_rle([[0, 0, 1, 1, 2, 2]], 4, 6)
