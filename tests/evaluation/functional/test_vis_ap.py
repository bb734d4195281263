import copy
import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from ausm_mm.evaluation.functional import track_ious, vis_ap
from ausm_mm.evaluation.functional.rle import encode

HEIGHT, WIDTH, N_FRAMES = 12, 16, 3
RANGES = {'': (0, 1e10), 's': (0, 128**2), 'm': (128**2, 256**2), 'l': (256**2, 1e10)}
KEYS = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100')


def box(x0, x1):
    """Mask of the columns x0 to x1 (exclusive)."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[:, x0:x1] = True
    return encode(mask)


def ground_truth(*annotations, n_videos=1, n_categories=1):
    return dict(
        videos=[dict(id=v, height=HEIGHT, width=WIDTH) for v in range(1, n_videos + 1)],
        categories=[dict(id=c, name=f'class {c}') for c in range(1, n_categories + 1)],
        annotations=[dict(a, id=i) for i, a in enumerate(annotations, start=1)])


def track(*segmentations, video_id=1, category_id=1, **more):
    return dict(
        video_id=video_id, category_id=category_id, segmentations=list(segmentations), **more)


# What the slow implementation of conftest.py needs to know of tracks, on dense masks


def dense(segmentation):
    if segmentation is None:
        return np.zeros((HEIGHT, WIDTH), bool)
    return mask_utils.decode(segmentation).astype(bool)


def slow_iou(first, second):
    a, b = first['masks'], second['masks']
    return (a & b).sum() / (a | b).sum() if (a | b).any() else 0.0


def slow_area(item):
    areas = item['areas'] if item.get('areas') else item['masks'].sum(axis=(1, 2))
    areas = [a for a in areas if a]
    return sum(areas) / len(areas) if areas else 0


def with_masks(tracks):
    return [dict(t, masks=np.stack([dense(s) for s in t['segmentations']])) for t in tracks]


@pytest.fixture
def slow_vis_ap(slow_ap):

    def score(truth, results):
        return slow_ap('video_id', slow_iou, slow_area, RANGES).scores(
            [video['id'] for video in truth['videos']],
            {c['id']: c['name'] for c in truth['categories']},
            with_masks(truth['annotations']), with_masks(results))

    return score


def random_case(seed, n_videos=4, n_categories=3, max_objects=4, max_extra=4):
    """Objects with crowds, absent frames and empty tracks; predictions near them and at random."""
    rng = np.random.default_rng(seed)

    def mask(shift=0):
        if rng.random() < .25:
            return None if rng.random() < .7 else encode(np.zeros((HEIGHT, WIDTH), bool))
        x0, width = rng.integers(0, 10), rng.integers(1, 7)
        return box(max(x0 + shift, 0), x0 + shift + width)

    def perturbed(segmentation):
        return encode(np.roll(dense(segmentation), rng.integers(-1, 2), axis=1))

    truth = ground_truth(n_videos=n_videos, n_categories=n_categories)
    results = []
    for video in truth['videos'][:-1]:  # the last video has no object
        for _ in range(rng.integers(0, max_objects + 1)):
            segmentations = [mask() for _ in range(N_FRAMES)]
            # Areas are annotated, and need not agree with the masks: so every range has objects.
            truth['annotations'].append(track(
                *segmentations, video_id=video['id'], id=len(truth['annotations']) + 1,
                category_id=int(rng.integers(1, n_categories + 1)),
                iscrowd=int(rng.random() < .2),
                areas=[s and float(rng.choice([100, 20000, 70000])) for s in segmentations]))
    for annotation in truth['annotations']:
        for _ in range(rng.integers(0, 3)):
            results.append(track(
                *[s and perturbed(s) for s in annotation['segmentations']],
                video_id=annotation['video_id'], score=float(rng.integers(1, 6) / 5),
                category_id=annotation['category_id']))
    for _ in range(rng.integers(0, max_extra + 1)):
        results.append(track(
            *[mask() for _ in range(N_FRAMES)], video_id=int(rng.integers(1, n_videos + 1)),
            category_id=int(rng.integers(1, n_categories + 1)),
            score=float(rng.integers(1, 6) / 5)))
    order = rng.permutation(len(results))
    return truth, [results[i] for i in order]


def slow_occlusion_level(levels, limits):
    """Whether the worse half of an object's annotated frames is occluded within the limits."""
    values = {'no_occlusion': 0, 'slight_occlusion': .25, 'severe_occlusion': .75}
    scores = sorted((values[level] for level in levels if level), reverse=True)
    worse = scores[:(len(scores) + 1) // 2]
    return bool(worse) and limits[0] <= sum(worse) / len(worse) <= limits[1]


@pytest.mark.parametrize('seed', range(10))
def test_occlusion_levels_equal_slow_implementation(seed, slow_vis_ap):
    truth, results = random_case(200 + seed)
    rng = np.random.default_rng(seed)
    names = ['no_occlusion', 'slight_occlusion', 'severe_occlusion']
    for annotation in truth['annotations']:
        annotation['occlusion'] = [s and str(rng.choice(names))
                                   for s in annotation['segmentations']]
    scores = vis_ap(truth, results)
    if not any(any(a['occlusion']) for a in truth['annotations']):
        pytest.skip('this case has no visible object')
    for name, limits in dict(slight=(0, .25), moderate=(.25, .5), severe=(.5, 1)).items():
        level = copy.deepcopy(truth)
        for annotation in level['annotations']:
            # Outside every range of areas an object is ignored, but can be matched only once.
            if not slow_occlusion_level(annotation['occlusion'], limits):
                annotation['areas'] = [1e12]
        assert scores[f'AP_{name}'] == pytest.approx(slow_vis_ap(level, results)['AP'], abs=1e-12)


def test_unknown_occlusion():
    truth = ground_truth(track(box(0, 4), occlusion=['half_hidden']))
    with pytest.raises(ValueError, match="annotation 1 of video 1 has the occlusion 'half_hidden'"):
        vis_ap(truth, [])


def assert_equal_scores(scores, expected):
    for key in KEYS:
        assert scores[key] == pytest.approx(expected[key], abs=1e-12), key
    assert scores['per_class'] == pytest.approx(expected['per_class'], abs=1e-12)


@pytest.mark.parametrize('seed', range(20))
def test_equals_slow_implementation(seed, slow_vis_ap):
    truth, results = random_case(seed)
    assert_equal_scores(vis_ap(truth, results), slow_vis_ap(truth, results))


def test_equals_slow_implementation_with_more_than_100_tracks(slow_vis_ap):
    truth, results = random_case(3, n_videos=2, n_categories=1)
    rng = np.random.default_rng(0)
    for _ in range(130):
        x0 = int(rng.integers(0, 12))
        results.append(track(
            *[box(x0, x0 + 3)] * N_FRAMES, score=float(rng.integers(1, 50) / 50)))
    assert_equal_scores(vis_ap(truth, results), slow_vis_ap(truth, results))


@pytest.mark.parametrize('seed', range(20))
def test_equals_official_evaluator(seed, monkeypatch, capsys):
    """mmdet ships the official evaluator; all it lacks on today's numpy is the name np.float."""
    from mmdet.evaluation.functional import YTVIS, YTVISeval
    truth, results = random_case(100 + seed)
    if not results:
        results = [track(*[box(0, 1)] * N_FRAMES, score=.5)]
    scores = vis_ap(truth, results)
    monkeypatch.setattr(np, 'float', float, raising=False)
    official_truth = YTVIS(copy.deepcopy(truth))
    official = YTVISeval(official_truth, official_truth.loadRes(copy.deepcopy(results)), 'segm')
    official.evaluate()
    official.accumulate()
    official.summarize()
    np.testing.assert_allclose([scores[k] for k in KEYS], official.stats[:9], atol=1e-12)


def test_official_fixture(shared_data):
    folder = shared_data('ytvis-fixture')
    truth, results, expected = (
        json.loads((folder / name).read_text())
        for name in ('ytvis_gt.json', 'ytvis_pred.json', 'expected.json'))
    scores = vis_ap(truth, results)
    assert scores['AP'] == pytest.approx(expected['AP'], abs=1e-6)
    assert scores['AP50'] == pytest.approx(expected['AP50'], abs=1e-6)
    assert scores['per_class']['sedan'] == scores['AP']
    assert scores['per_class']['person'] == -1


def test_iou_sums_over_frames():
    # 4 + 0 shared columns; union 6 + 4: 0.4, whereas the mean of the frames' IoUs is 1/3
    first = [box(0, 5), None, None]
    second = [box(1, 6), box(0, 4), encode(np.zeros((HEIGHT, WIDTH), bool))]
    np.testing.assert_allclose(track_ious([first], [second]), [[.4]])
    assert track_ious([[None]], [[None]]) == [[0]]
    assert track_ious([], [[None]]).shape == (0, 1)


def test_perfect_prediction_and_unfound_object():
    truth = ground_truth(track(box(0, 4), None), track(box(8, 12), box(9, 13)))
    results = [track(box(0, 4), None, score=.3)]
    scores = vis_ap(truth, results)
    assert scores['AP'] == pytest.approx(51 / 101)  # recall 0, 0.01, ..., 0.50
    assert scores['AR1'] == .5
    assert scores['APm'] == -1


def test_no_result_and_no_object():
    assert vis_ap(ground_truth(track(box(0, 4))), [])['AP'] == 0
    scores = vis_ap(ground_truth(), [track(box(0, 4), score=1.)])
    assert scores['AP'] == scores['AR100'] == scores['per_class']['class 1'] == -1


def test_track_with_id_zero_counts():
    truth = ground_truth(track(box(0, 4)))
    truth['annotations'][0]['id'] = 0
    assert vis_ap(truth, [track(box(0, 4), score=1.)])['AP'] == pytest.approx(1)


def test_polygons_and_uncompressed_rles():
    # Columns 2 to 5 of every frame; RLEs run down the columns.
    uncompressed = dict(size=[HEIGHT, WIDTH], counts=[24, 48, 120])
    polygon = [[2, 0, 6, 0, 6, HEIGHT, 2, HEIGHT]]
    truth = ground_truth(track(uncompressed, polygon, [], None))
    results = [track(box(2, 6), box(2, 6), None, None, score=1.)]
    before = copy.deepcopy((truth, results))
    assert vis_ap(truth, results)['AP'] == pytest.approx(1)
    assert (truth, results) == before


@pytest.mark.parametrize('change, words', [
    (dict(score=float('nan')), ['result 0', 'score nan', 'finite']),
    (dict(score=None), ['result 0', 'score None', 'finite']),
    (dict(category_id=9), ['result 0', 'video 1', 'category 9', r'\[1\]']),
    (dict(video_id=7), ['result 0', 'video 7']),
    (dict(segmentations=None), ['result 0', 'segmentations']),
    (dict(video_id=-1), ['result 0', 'video -1', 'not among']),
    (dict(category_id=-1), ['result 0', 'video 1', 'category -1']),
    (dict(score='high'), ['result 0', "'high'", 'finite']),
    (dict(segmentations=[dict(size=[HEIGHT, WIDTH], counts=encode(np.ones((3, 4), bool))[
        'counts'])]), ['result 0', 'video 1', 'frame 0', 'covers 12 pixels', '192']),
    (dict(segmentations=['mask.png']), ['result 0', 'video 1', 'frame 0', 'RLE']),
    (dict(segmentations=[None, None]), ['result 0', 'video 1', '2', 'annotation 1', '1']),
    (dict(segmentations=[encode(np.ones((3, 4), bool))]),
     ['result 0', 'video 1', r'\[3, 4\]', r'\[12, 16\]', 'resize']),
])
def test_bad_results(change, words):
    result = {**track(box(0, 4), score=.5), **change}
    with pytest.raises(ValueError, match='.*'.join(words)):
        vis_ap(ground_truth(track(box(0, 4))), [result])


def test_bad_ground_truth():
    hidden = {**ground_truth(), 'annotations': None}
    with pytest.raises(ValueError, match='no list of annotations'):
        vis_ap(hidden, [])
    with pytest.raises(ValueError, match='entry 0 of videos lacks height'):
        vis_ap({**ground_truth(), 'videos': [dict(id=1, width=3)]}, [])
    with pytest.raises(ValueError, match='no list of videos'):
        vis_ap([], [])
