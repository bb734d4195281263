import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from ausm_mm.utils.rle import covered_pixels, segmentation_problems, to_rle


def encode(mask):
    return mask_utils.encode(np.asfortranarray(mask, np.uint8))


def write_number(value):
    """A number of an RLE's text, character by character as the format defines it."""
    text, more = '', True
    while more:
        digit, value = value & 31, value >> 5
        more = value != -1 if digit & 16 else value != 0
        text += chr((digit | 32 if more else digit) + 48)
    return text


def write_runs(runs):
    return ''.join(write_number(run - runs[i - 2] if i > 2 else run) for i, run in enumerate(runs))


def test_forms_of_a_segmentation():
    mask = np.zeros((6, 8), bool)
    mask[:, 2:5] = True
    for form in (encode(mask), dict(size=[6, 8], counts=[12, 18, 18]),
                 [[2, 0, 5, 0, 5, 6, 2, 6]],
                 dict(size=[6, 8], counts=encode(mask)['counts'].decode())):
        np.testing.assert_array_equal(mask_utils.decode(to_rle(form, 6, 8)), mask)
    assert to_rle(None, 6, 8) is None
    assert to_rle([], 6, 8) is None


def test_sums_of_random_masks():
    """More than are read at once, of every size, from one run to as many as pixels."""
    rng = np.random.default_rng(0)
    counts, expected = [], []
    for _ in range(500):
        height, width = map(int, rng.integers(1, 300, 2))
        mask = rng.random((height, width)) < rng.choice([0, .01, .5, .99, 1])
        text = encode(mask)['counts']
        counts.append(text if rng.random() < .5 else text.decode())
        expected.append(height * width)
    assert covered_pixels(counts) == expected
    assert [covered_pixels([text])[0] for text in counts[:60]] == expected[:60]
    assert covered_pixels([]) == []


def test_masks_of_the_official_fixture(shared_data):
    content = json.loads((shared_data('ytvis-fixture') / 'ytvis_gt.json').read_text())
    masks = [rle for annotation in content['annotations']
             for rle in annotation['segmentations'] if rle]
    assert any(isinstance(rle['counts'], list) for rle in masks)
    texts = [mask_utils.frPyObjects(rle, 720, 1280)['counts'] for rle in masks]
    assert covered_pixels([rle['counts'] for rle in masks]) == [720 * 1280] * len(masks)
    assert covered_pixels(texts) == [720 * 1280] * len(masks)


@pytest.mark.parametrize('runs, total', [
    ([24], 24), ([0, 24], 24), ([0, 1, 2, 3, 4, 5, 9], 24), ([900000, 3, 70000, 2**25, 1], None),
    ([5, -3, 22], -1), ([-1, 25], -1), ([3, 0, 21], -1), ([3, 4, 2, 0, 15], -1),
    ([3, 4, 5, 6, -6, 12], -1), ([2**29, 2], -1), ([2**40, 2], -1), ([2**70, 2], -1),
    ([2**28] * 40, None),  # beyond 32 bits together, but not one by one
])
def test_sums_of_written_runs(runs, total):
    """Also between others, which it must not spoil."""
    total = sum(runs) if total is None else total
    texts = [write_runs([1, 2]), write_runs(runs), write_runs([0, 7, 1, 9])]
    assert covered_pixels(texts) == [3, total, 17]
    if max(runs) < 2**29:
        assert covered_pixels([runs]) == [total]


@pytest.mark.parametrize('counts', [
    '', b'', '\ud800', '1P', '1 1', '1\n', 'é1', '1é', 'p1', '1p', '1/', 'oooooooooooooooo1',
    [5, 'a'], [5, 1.5], [5., 19.], [None], [[5]], [],
])
def test_malformed_counts(counts):
    assert covered_pixels(['32', counts, '05']) == [5, -1, 5]


def test_problems():
    mask = encode(np.ones((4, 6), bool))
    cases = [
        (mask, (4, 6), ''),
        (None, (4, 6), ''),
        (dict(size=[4, 6], counts=[20, 4]), [4, 6], ''),
        (dict(mask, size=[5, 6]), (5, 6), 'an RLE covers 24 pixels, but the frame has 30: encode '
                                          'the mask again'),
        (mask, (6, 4), 'a mask of [4, 6], but the frame is [6, 4] (height, width): resize masks to '
                       'the size of the frame before encoding them'),
        (dict(size=[4, 6], counts=[5, -3, 22]), (4, 6), 'an RLE is cut off or malformed: encode '
                                                        'the mask again'),
    ]
    shape = [0, 0, 5, 0, 5, 3]
    cases += [(polygons, (4, 6), '') for polygons in ([], [shape], [shape, [1, 1, 2, 2]])]
    flat = 'polygons must be flat lists x1, y1, x2, y2, x3, y3, ...: write them again'
    cases += [(polygons, (4, 6), flat) for polygons in (
        shape, [[]], [[0, 0, 1, 1]], [[1, 1, 2, 2], shape], [shape, [0, 0]], [shape, 'x'],
        [[0, 0, 5, 0, 5, 'x']], [[0, 0, 5, 0, 5, float('nan')]], [[0, 0, 5, 0, 5, 10**400]],
        [dict(mask)], [shape, None])]
    form = 'a mask must be an RLE with size and counts: encode it with pycocotools'
    cases += [(rle, (4, 6), form) for rle in (
        dict(counts='0'), dict(size=[4, 6]), dict(size=24, counts='0'),
        dict(size=[4, 6], counts=7), dict(size=[4, 6], counts=None), 'rle', 0, {})]
    rles, sizes, problems = zip(*cases)
    assert segmentation_problems(rles, sizes) == list(problems)
    # What has no problem can be brought into RLE form.
    assert [to_rle(rle, *size) is None for rle, size, problem in cases if not problem] == [
        False, True, False, True, False, False]
    assert segmentation_problems([], []) == []
