"""Average precision of instance segmentation in single images, as COCO defines it."""
import contextlib
import copy
import io
import math
from typing import Collection, Dict, Sequence, Union

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from ausm_mm.errors import UserError
from ausm_mm.utils.rle import rle_problems
from .vis_ap import mean_of_valid

# The order of COCOeval.stats
KEYS = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl')


def coco_ap(ground_truth: Dict, results: Sequence[Dict]) -> Dict[str, Union[float, Dict]]:
    """Scores masks of single images with pycocotools.

    Args:
        ground_truth: Content of a COCO ``instances_*.json``.
        results: One dict per mask: ``image_id``, ``category_id``, ``score`` and ``segmentation``
            (an RLE).

    Returns:
        COCO's twelve figures at full precision, :data:`KEYS`, and ``per_class``: class name -> AP.
        A figure without any ground truth is -1, and such classes are left out of the means.

    Raises:
        UserError: For annotations or results that cannot be scored; it names the entry and value.
    """
    check_coco_ground_truth(ground_truth, 'the ground truth')
    _check_results(ground_truth, results)
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth = COCO()
        # pycocotools writes into what it gets.
        truth.dataset = copy.deepcopy(ground_truth)
        truth.createIndex()
        # loadRes refuses an empty list.
        predictions = truth.loadRes(copy.deepcopy(list(results))) if results else COCO()
        evaluation = COCOeval(truth, predictions, 'segm')
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    names = {category['id']: category['name'] for category in ground_truth['categories']}
    precision = evaluation.eval['precision']  # (T, R, K, A, M)
    per_class = {names[category_id]: mean_of_valid(precision[:, :, k, 0, -1])
                 for k, category_id in enumerate(evaluation.params.catIds)}
    return dict(zip(KEYS, map(float, evaluation.stats)), per_class=per_class)


def check_coco_ground_truth(ground_truth: Dict, name: str) -> None:
    """Raises a UserError that starts with ``name`` if the annotation cannot be scored against."""
    for part, keys in (('images', ('id', 'height', 'width')), ('categories', ('id', 'name')),
                       ('annotations', ('id', 'image_id', 'category_id', 'segmentation', 'area',
                                        'iscrowd'))):
        entries = ground_truth.get(part) if isinstance(ground_truth, dict) else None
        if not isinstance(entries, list):
            raise UserError(f'{name} has no list of {part}: COCO AP needs a COCO '
                            'instances json with images, categories and annotations')
        for index, entry in enumerate(entries):
            missing = [key for key in keys if key not in entry]
            if missing:
                raise UserError(f'{name}: entry {index} of {part} lacks '
                                f'{", ".join(missing)}: take the file as it was published')


def _check_results(ground_truth: Dict, results: Sequence[Dict]) -> None:
    sizes = {image['id']: [image['height'], image['width']] for image in ground_truth['images']}
    categories = {category['id'] for category in ground_truth['categories']}
    for index, result in enumerate(results):
        problem = _find_problem(result, sizes, categories)
        if problem:
            raise UserError(f'result {index} {problem}')
    problems = rle_problems([result['segmentation'] for result in results],
                            [sizes[result['image_id']] for result in results])
    for index, problem in enumerate(problems):
        if problem:
            raise UserError(f'result {index} of image {results[index]["image_id"]}: {problem}')


def _find_problem(result: Dict, images: Collection[int], categories: Collection[int]) -> str:
    """What is wrong with one COCO result, its mask aside, with the cure; empty if nothing is."""
    keys = ('image_id', 'category_id', 'score', 'segmentation')
    if not isinstance(result, dict) or any(result.get(key) is None for key in keys):
        return f'must have {", ".join(keys)}: write it again'
    if result['image_id'] not in images:
        return (f'is of image {result["image_id"]!r}, which is not among the {len(images)} images '
                'of the ground truth: score it against the annotation it was made for')
    if result['category_id'] not in categories:
        return (f'has the unknown category {result["category_id"]!r}: use the category ids of the '
                'ground truth')
    if not isinstance(result['score'], (int, float)) or not math.isfinite(result['score']):
        return f'has the score {result["score"]!r}: every result needs a finite number'
    return ''
