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
from .annotation import MASKS, check_annotation
from .vis_ap import mean_of_valid

# The order of COCOeval.stats
KEYS = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl')

RESULT_KEYS = ('image_id', 'category_id', 'score', 'segmentation')


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
    return summarize_masks(evaluate_masks(ground_truth, results))


def evaluate_masks(ground_truth: Dict, results: Sequence[Dict]) -> COCOeval:
    """Matches the masks of :func:`coco_ap`, whose arguments these are, without summing up.

    Annotations are numbered anew: COCOeval takes one whose id is 0 for unmatched, and of two with
    one id the last for both.
    """
    check_annotation(ground_truth, 'the ground truth', MASKS)
    _check_results(ground_truth, results)
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth = COCO()
        # pycocotools writes into what it gets.
        truth.dataset = copy.deepcopy(ground_truth)
        for number, annotation in enumerate(truth.dataset['annotations'], start=1):
            annotation['id'] = number
        truth.createIndex()
        # loadRes refuses an empty list, and would take the size of an object from its box.
        predictions = truth.loadRes([{key: result[key] for key in RESULT_KEYS}
                                     for result in results]) if results else COCO()
        evaluation = COCOeval(truth, predictions, 'segm')
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def summarize_masks(evaluation: COCOeval) -> Dict[str, Union[float, Dict]]:
    """The figures of :func:`coco_ap` from what :func:`evaluate_masks` gives."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.summarize()
    names = {category['id']: category['name']
             for category in evaluation.cocoGt.dataset['categories']}
    precision = evaluation.eval['precision']  # (T, R, K, A, M)
    per_class = {names[category_id]: mean_of_valid(precision[:, :, k, 0, -1])
                 for k, category_id in enumerate(evaluation.params.catIds)}
    return dict(zip(KEYS, map(float, evaluation.stats)), per_class=per_class)


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
    if not isinstance(result, dict) or any(result.get(key) is None for key in RESULT_KEYS):
        return f'must have {", ".join(RESULT_KEYS)}: write it again'
    if result['image_id'] not in images:
        return (f'is of image {result["image_id"]!r}, which is not among the {len(images)} images '
                'of the ground truth: score it against the annotation it was made for')
    if result['category_id'] not in categories:
        return (f'has the unknown category {result["category_id"]!r}: use the category ids of the '
                'ground truth')
    if not isinstance(result['score'], (int, float)) or not math.isfinite(result['score']):
        return f'has the score {result["score"]!r}: every result needs a finite number'
    return ''
