import copy
import json
from operator import itemgetter

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import coco_ap
from ausm_mm.evaluation.functional.rle import encode

HEIGHT, WIDTH = 12, 16


def box(x0, x1):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[:, x0:x1] = True
    rle = encode(mask)
    return {**rle, 'counts': rle['counts'].decode()}


@pytest.fixture
def truth():
    return dict(
        images=[dict(id=4, height=HEIGHT, width=WIDTH)],
        categories=[dict(id=2, name='cat'), dict(id=3, name='dog')],
        annotations=[dict(id=1, image_id=4, category_id=2, segmentation=box(0, 4), area=48,
                          iscrowd=0)])


def result(**changes):
    return {**dict(image_id=4, category_id=2, score=.5, segmentation=box(0, 4)), **changes}


def test_official_fixture(shared_data):
    folder = shared_data('coco-fixture')
    truth, results, expected = (
        json.loads((folder / name).read_text()) for name in
        ('instances_val2014_100.json', 'instances_val2014_fakesegm100_results.json',
         'expected_segm.json'))
    scores = coco_ap(truth, results)
    for key, value in expected.items():
        assert scores[key] == pytest.approx(value, abs=1e-12), key
    assert len(scores['per_class']) == len(truth['categories'])
    per_class = [ap for ap in scores['per_class'].values() if ap >= 0]
    assert np.mean(per_class) == pytest.approx(scores['AP'])


def random_case(seed):
    """Stripes of all sizes in images of 110 x 110, crowds among them; predictions near them."""
    rng = np.random.default_rng(seed)
    images = [dict(id=i, height=110, width=110) for i in (3, 8, 1, 5)]

    def stripe(x0, x1):
        mask = np.zeros((110, 110), bool)
        mask[:, max(x0, 0):x1] = True
        return encode(mask)

    def one(bounds, image_id, category_id, **more):
        return dict(image_id=image_id, category_id=category_id, segmentation=stripe(*bounds),
                    **more)

    annotations, results = [], []
    for image in images[:-1]:  # the last has no object
        for _ in range(rng.integers(0, 6)):
            width = int(rng.choice([4, 9, 10, 40, 83, 84, 90]))
            x0 = int(rng.integers(0, 110 - width))
            owner = image['id'], int(rng.integers(1, 4))
            annotations.append(one(
                (x0, x0 + width), *owner, id=len(annotations), area=110 * width,
                iscrowd=int(rng.random() < .2)))
            for _ in range(rng.integers(0, 3)):
                shift = rng.integers(-width // 4, width // 4 + 1, 2)
                results.append(one((x0 + shift[0], x0 + width + shift[1]), *owner,
                                   score=float(rng.integers(1, 6) / 5)))
    for image in images:
        results.append(one((20, 20 + int(rng.integers(1, 90))), image['id'],
                           int(rng.integers(1, 4)), score=float(rng.random())))
    categories = [dict(id=i, name=f'class {i}') for i in (1, 2, 3, 4)]
    truth = dict(images=images, categories=categories, annotations=annotations)
    return truth, [results[i] for i in rng.permutation(len(results))]


@pytest.mark.parametrize('seed', range(12))
def test_equals_slow_implementation(seed, slow_ap):

    def iou(prediction, truth):
        first, second = prediction['mask'], truth['mask']
        union = first if truth['iscrowd'] else first | second  # within a crowd all is well
        return (first & second).sum() / union.sum()

    def with_masks(items):
        masks = [mask_utils.decode(item['segmentation']).astype(bool) for item in items]
        return [dict(dict(area=mask.sum(), mask=mask), **item) for item, mask in zip(items, masks)]

    ranges = {'': (0, 1e10), 's': (0, 32**2), 'm': (32**2, 96**2), 'l': (96**2, 1e10)}
    truth, results = random_case(seed)
    expected = slow_ap('image_id', iou, itemgetter('area'), ranges).scores(
        sorted(image['id'] for image in truth['images']),  # the order of equal scores
        {c['id']: c['name'] for c in truth['categories']},
        with_masks(truth['annotations']), with_masks(results))
    scores = coco_ap(truth, results)
    assert scores.pop('per_class') == pytest.approx(expected.pop('per_class'), abs=1e-12)
    assert scores == pytest.approx(expected, abs=1e-12)


def test_by_hand_and_arguments_stay(truth):
    results = [result(), result(score=.9, segmentation=box(8, 12))]
    before = copy.deepcopy((truth, results))
    scores = coco_ap(truth, results)
    assert scores['AP'] == pytest.approx(.5)  # one false above the true one
    assert scores['AR1'] == 0 and scores['AR10'] == 1
    assert scores['per_class'] == pytest.approx(dict(cat=.5, dog=-1))
    assert (truth, results) == before


def test_ids_and_boxes_do_not_matter(truth):
    """COCOeval takes the id 0 for unmatched, and the size of a mask from a box that lies by it."""
    truth['annotations'] = [dict(truth['annotations'][0], id=0, area=32**2 + 1),
                            dict(truth['annotations'][0], id=0, area=32**2 + 1, category_id=3)]
    results = [result(bbox=[0, 0, 100, 100]), result(category_id=3, bbox=[])]
    scores = coco_ap(truth, results)
    assert scores['AP'] == scores['APm'] == pytest.approx(1)
    false = [result(score=.9, segmentation=box(8, 12), bbox=[0, 0, 40, 40]), *results]
    assert coco_ap(truth, false)['APm'] == pytest.approx(1)  # 48 pixels: small, so it is ignored


def test_all_forms_of_masks(truth):
    """Runs go column by column, 12 pixels each."""
    for form in (dict(size=[12, 16], counts=[0, 48, 144]), [[0, 0, 4, 0, 4, 12, 0, 12]]):
        assert coco_ap(truth, [result(segmentation=form)])['AP'] == pytest.approx(1)
        truth['annotations'][0]['segmentation'] = form
        assert coco_ap(truth, [result()])['AP'] == pytest.approx(1)


def test_no_result_and_no_object(truth):
    assert coco_ap(truth, [])['AP'] == 0
    assert coco_ap(dict(truth, annotations=[]), [result()])['AP'] == -1


@pytest.mark.parametrize('change, words', [
    (dict(score=float('nan')), 'entry 0 of results has the score nan.*finite'),
    (dict(score='high'), "entry 0 of results has the score 'high'"),
    (dict(image_id=-4), 'result 0 is of image -4.*1 images'),
    (dict(category_id=-1), 'result 0 has the unknown category -1'),
    (dict(segmentation=None), 'entry 0 of results has the segmentation None.*an RLE or polygons'),
    (dict(segmentation=[[0, 0, 4, 0]]), 'result 0 of image 4: polygons must be flat lists'),
    (dict(segmentation=[]), 'result 0 of image 4: it has no mask: leave it out'),
    (dict(segmentation=dict(box(0, 4), size=[12, 15])), r'\[12, 15\].*\[12, 16\].*resize'),
    (dict(segmentation=dict(box(0, 4), counts=box(0, 4)['counts'][:-1])), 'cut off or malformed'),
])
def test_bad_results(truth, change, words):
    with pytest.raises(UserError, match=words):
        coco_ap(truth, [result(**change)])


def test_bad_ground_truth(truth):
    with pytest.raises(UserError, match='no list of annotations'):
        coco_ap(dict(truth, annotations=None), [])
    del truth['annotations'][0]['area']
    with pytest.raises(UserError, match='entry 0 of annotations lacks area'):
        coco_ap(truth, [])
