import numpy as np
import pytest

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


def test_covered_pixels():
    rng = np.random.default_rng(0)
    texts, expected = [], []
    for _ in range(60):
        height, width = map(int, rng.integers(1, 300, 2))
        mask = rng.random((height, width)) < rng.choice([0, .01, .5, 1])
        counts = rle.encode(mask)['counts']
        texts += [counts, counts.decode()]
        expected += [height * width] * 2
    assert rle.covered_pixels(texts) == expected
    assert [rle.covered_pixels([text])[0] for text in texts] == expected
    mixed = ['', [2, 3, 5], texts[0][:-1] + b'P', texts[1]]  # P: more follows
    assert rle.covered_pixels(mixed) == [-1, 10, -1, expected[1]]
    assert rle.covered_pixels([]) == []


def test_rle_problems():
    mask = rle.encode(np.ones((4, 6), bool))
    masks = [mask, None, dict(mask, size=[5, 6]), mask, [[0, 0, 1, 1, 2, 2]], dict(counts='0'),
             dict(size=[4, 6], counts=[20, 4]), dict(size=[4, 6], counts=7)]
    sizes = [(4, 6), (4, 6), (5, 6), (6, 4), (4, 6), (4, 6), (4, 6), (4, 6)]
    problems = rle.rle_problems(masks, sizes)
    assert [bool(problem) for problem in problems] == [False, False, True, True, True, True, False,
                                                       True]
    assert problems[2] == 'an RLE covers 24 pixels, but the frame has 30: encode the mask again'
    assert problems[3].startswith('a mask of [4, 6], but the frame is [6, 4] (height, width): re')
    assert problems[4].startswith('a mask must be an RLE with size and counts')
