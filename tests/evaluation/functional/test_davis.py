import json
import math

import cv2
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import (
    boundary_accuracy,
    region_similarity,
    score_label_maps,
    score_sequence,
    summarize_objects,
    summarize_sequences,
)
from ausm_mm.evaluation.functional.davis import mask_boundary, object_ids
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.structures import Track

SIZE = (20, 30)


def box(y0, y1, x0, x1, size=SIZE):
    mask = np.zeros(size, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def track(*masks, object_id=1):
    return Track(object_id, 0, 1.0, [None if m is None else encode(m) for m in masks])


def score(predictions, ground_truths):
    return score_sequence(predictions, ground_truths, SIZE, 'clip')


# The definition, pixel by pixel.


def slow_boundary(mask):
    height, width = mask.shape
    points = []
    for y in range(height):
        for x in range(width):
            below, right = min(y + 1, height - 1), min(x + 1, width - 1)
            others = mask[y, right], mask[below, x], mask[below, right]
            if any(other != mask[y, x] for other in others):
                points.append((y, x))
    return np.array(points).reshape(-1, 2)


def slow_f(prediction, ground_truth, bound_th=.008):
    radius = math.ceil(bound_th * math.sqrt(prediction.shape[0]**2 + prediction.shape[1]**2))
    a, b = slow_boundary(prediction), slow_boundary(ground_truth)
    if not len(a) or not len(b):
        return float(len(a) == len(b))
    near = cdist(a, b, 'sqeuclidean') <= radius**2
    precision, recall = near.any(1).mean(), near.any(0).mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@pytest.mark.parametrize('seed', range(30))
def test_boundary_accuracy_equals_definition(seed):
    """Blobs of any size, at the edges of the image too, empty and full masks; disks of all radii up
    to those of 1080p."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 90)), int(rng.integers(1, 160)))
    noise = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), rng.uniform(.1, 6))
    other = noise + rng.uniform(0, .5) * cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), 3)
    level = np.quantile(noise, rng.choice([0, .1, .5, .9, 1]))
    prediction, ground_truth = noise > level, other > level
    bound_th = (.008, float(rng.uniform(0, 18) / math.hypot(*shape)))[seed % 2]
    assert boundary_accuracy(prediction, ground_truth, bound_th) == pytest.approx(
        slow_f(prediction, ground_truth, bound_th), abs=1e-12)
    points = np.argwhere(mask_boundary(prediction))
    np.testing.assert_array_equal(points, slow_boundary(prediction))


def test_boundary_lies_towards_the_origin():
    boundary = mask_boundary(box(2, 4, 2, 4, (6, 6)))
    assert np.argwhere(boundary).tolist() == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 3], [3, 1],
                                              [3, 2], [3, 3]]
    assert not mask_boundary(np.ones((4, 5), bool)).any()


def test_empty_masks():
    empty, some, full = np.zeros(SIZE, bool), box(3, 9, 4, 9), np.ones(SIZE, bool)
    assert region_similarity(empty, empty) == boundary_accuracy(empty, empty) == 1
    assert region_similarity(some, empty) == boundary_accuracy(some, empty) == 0
    assert region_similarity(empty, some) == boundary_accuracy(empty, some) == 0
    assert boundary_accuracy(full, empty) == 1  # neither has a boundary, as in the DAVIS toolkit
    assert region_similarity(full, empty) == 0


def test_hand_computed_values():
    assert region_similarity(box(0, 4, 0, 4), box(0, 4, 2, 6)) == 8 / 24
    assert boundary_accuracy(box(2, 8, 2, 8), box(3, 9, 2, 8)) == 1  # one pixel is the tolerance
    assert boundary_accuracy(box(2, 5, 2, 5), box(12, 15, 20, 25)) == 0


def test_official_fixture(shared_data):
    """The official list leaves out the first and the last frame, and has three decimals."""
    folder = shared_data('davis2016-480p-fixture')
    expected = json.loads((folder / 'expected_osvos.json').read_text())

    def tracks(source, sequence):
        files = sorted((folder / source / sequence).glob('*.png'))
        return track(*[cv2.imread(str(f), cv2.IMREAD_GRAYSCALE) > 127 for f in files])

    for sequence, official in expected.items():
        scores = score_sequence([tracks('predictions_osvos', sequence)],
                                [tracks('Annotations', sequence)], (480, 854), sequence)
        assert [s['frame'] for s in scores[1]] == list(range(1, len(official['J']) + 1))
        for key in 'JF':
            assert [round(s[key], 3) for s in scores[1]] == official[key]


def test_scored_frames_begin_after_the_prompt_and_leave_out_the_last():
    mask = box(3, 9, 4, 9)
    first = track(*[mask] * 6, object_id=1)
    late = track(None, None, mask, mask, mask, mask, object_id=2)
    last_but_one = track(None, None, None, None, mask, mask, object_id=3)
    never = track(None, np.zeros(SIZE, bool), None, None, None, None, object_id=4)
    scores = score([first, late], [first, late, last_but_one, never])
    frames = {i: [s['frame'] for s in object_scores] for i, object_scores in scores.items()}
    assert frames == {1: [1, 2, 3, 4], 2: [3, 4], 3: []}
    assert summarize_objects(list(scores.values())) == {
        'J': 1, 'F': 1, 'J&F': 1, 'J_visible': 1}


def test_hidden_objects():
    mask, empty = box(3, 9, 4, 9), np.zeros(SIZE, bool)
    truth = track(mask, mask, None, empty, None, mask, mask)
    predicted = track(mask, mask, None, empty, mask, None, mask)
    scores = score([predicted], [truth])[1]
    assert [s['hidden'] for s in scores] == [False, True, True, True, False]
    assert [s['empty'] for s in scores] == [False, True, True, False, True]
    assert [s['J'] for s in scores] == [s['F'] for s in scores] == [1, 1, 1, 0, 0]
    summary = summarize_objects([scores])
    assert summary['J'] == summary['J&F'] == pytest.approx(.6)
    assert summary['J_visible'] == .5
    assert summary['hidden_empty'] == pytest.approx(2 / 3)


def test_total_is_the_mean_over_objects():
    mask = box(3, 9, 4, 9)
    good, absent = track(*[mask] * 8), track(*[mask] * 4)
    sequences = dict(
        one=score([good], [good]),
        two=score([], [track(*[mask] * 4, object_id=i) for i in (1, 2)]),
        three=score([absent], [absent]))
    assert summarize_sequences(sequences)['two'] == {
        'J': 0, 'F': 0, 'J&F': 0, 'J_visible': 0}
    total = summarize_objects([f for scores in sequences.values() for f in scores.values()])
    assert total['J'] == .5  # 2 of 4 objects, whatever the number of their frames
    assert total['J_visible'] == pytest.approx(8 / 12)
    assert summarize_objects([]) == {}
    assert summarize_objects([[]]) == {}


def test_many_objects():
    truths = [track(*[box(0, 20, i, i + 1)] * 3, object_id=i) for i in range(30)]
    assert summarize_objects(list(score(truths, truths).values()))['J'] == 1


def test_annotated_frames():
    box_track = track(*[box(3, 9, 4, 9)] * 6)
    for frames, skip_last, scored in (
            (None, True, [1, 2, 3, 4]), (None, False, [1, 2, 3, 4, 5]), ([0, 3, 5], True, [3]),
            ([0, 3, 5], False, [3, 5]), ([0], False, []), ([], True, [])):
        found = score_sequence([box_track], [box_track], SIZE, 'clip', frames, skip_last)
        assert [frame['frame'] for frame in found[1]] == scored


def test_bad_predictions():
    mask = box(3, 9, 4, 9)
    truth = track(mask, mask, mask)
    with pytest.raises(ValueError, match=r'object 1 of sequence clip.*\[5, 6\] in frame 1.*'
                       r'\[20, 30\].*resize'):
        score([track(mask, np.ones((5, 6), bool), mask)], [truth])
    with pytest.raises(ValueError, match='object 1 of sequence clip has 2 masks.*3 frames'):
        score([track(mask, mask)], [truth])
    with pytest.raises(ValueError, match=r'clip has predictions of objects \[7\]'):
        score([track(mask, mask, mask, object_id=7)], [truth])
    with pytest.raises(ValueError, match=r'clip has several predictions of one object'):
        score([truth, truth], [truth])
    with pytest.raises(ValueError, match=r'ground truth of object 1 .*\[5, 6\] in frame 2'):
        score([], [track(mask, mask, np.ones((5, 6), bool))])


@pytest.mark.parametrize('seed', range(5))
def test_label_maps_equal_tracks(seed):
    rng = np.random.default_rng(seed)
    n_frames, n_objects = 6, 3
    truth = rng.integers(0, n_objects + 1, (n_frames, *SIZE), dtype=np.uint8)
    truth[:2][truth[:2] == 2] = 0  # starts late
    truth[3:5][truth[3:5] == 1] = 0  # is hidden
    predicted = np.where(rng.random(truth.shape) < .8, truth, 0).astype(np.uint8)

    def tracks(label_maps):
        return [track(*(label_maps == i), object_id=i) for i in range(1, n_objects + 1)]

    expected = score(tracks(predicted), tracks(truth))
    found = score_label_maps(zip(predicted, truth), n_frames, 'clip')
    assert found == {i: expected[i] for i in found} and len(found) == len(expected)
    last = score_label_maps(zip(predicted, truth), n_frames, 'clip', skip_last=False)
    assert [s['frame'] for s in last[1]] == [1, 2, 3, 4, 5]
    assert last[1][:-1] == found[1]


@pytest.mark.parametrize('ids', [[], [1], [255], [2, 9, 254], list(range(1, 256))])
def test_object_ids(ids):
    label_map = np.zeros(SIZE, np.uint8)
    label_map.flat[:len(ids)] = ids
    assert object_ids(label_map) == object_ids(label_map[::-1, ::-1]) == ids


def test_label_maps_with_an_unknown_object():
    truth, predicted = np.ones((3, *SIZE), np.uint8), np.full((3, *SIZE), 7, np.uint8)
    with pytest.raises(UserError, match=r'clip has predictions of objects \[7\].*has \[1\]'):
        score_label_maps(zip(predicted, truth), 3, 'clip')
