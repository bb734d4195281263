"""Average precision of instance segmentation in single images, as COCO defines it."""
import contextlib
import copy
import io
from typing import Collection, Dict, Sequence, Union

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from ausm_mm.errors import UserError
from ausm_mm.utils.rle import segmentation_problems, to_rle
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
            (an RLE or polygons).

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
    check_annotation(dict(results=results), 'the file', dict(results=RESULT_KEYS))
    images = {image['id']: image for image in ground_truth['images']}
    categories = {category['id'] for category in ground_truth['categories']}
    _check_entries(ground_truth['annotations'], 'annotation', images, categories)
    _check_entries(results, 'result', images, categories)
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth = COCO()
        # pycocotools writes into what it gets.
        truth.dataset = copy.deepcopy(ground_truth)
        for number, annotation in enumerate(truth.dataset['annotations'], start=1):
            annotation['id'] = number
        truth.createIndex()
        # loadRes refuses an empty list, and would take the size of an object from its box.
        predictions = truth.loadRes([
            dict({key: result[key] for key in RESULT_KEYS}, segmentation=to_rle(
                result['segmentation'], images[result['image_id']]['height'],
                images[result['image_id']]['width'])) for result in results
        ]) if results else COCO()
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


def _check_entries(entries: Sequence[Dict], name: str, images: Dict,
                   categories: Collection[int]) -> None:
    for index, entry in enumerate(entries):
        if entry['image_id'] not in images:
            raise UserError(
                f'{name} {index} is of image {entry["image_id"]!r}, which is not among the '
                f'{len(images)} images of the ground truth: take the annotation it was made for')
        if entry['category_id'] not in categories:
            raise UserError(f'{name} {index} has the unknown category {entry["category_id"]!r}: '
                            'use the category ids of the ground truth')
    sizes = {image_id: (image['height'], image['width']) for image_id, image in images.items()}
    problems = segmentation_problems([entry['segmentation'] for entry in entries],
                                     [sizes[entry['image_id']] for entry in entries])
    for index, (entry, problem) in enumerate(zip(entries, problems)):
        if problem or not entry['segmentation']:
            raise UserError(f'{name} {index} of image {entry["image_id"]}: '
                            f'{problem or "it has no mask: leave it out"}')
