"""COCO result files."""
from typing import Dict, List, Sequence

from pycocotools.cocoeval import COCOeval

from ausm_mm.errors import UserError
from ausm_mm.utils.files import PathLike
from ..functional.coco_ap import evaluate_masks
from .json_files import load_json, load_results


def evaluate_coco_files(ground_truth: PathLike, predictions: PathLike) -> COCOeval:
    """:func:`~ausm_mm.evaluation.functional.coco_ap.evaluate_masks` of two files.

    Raises:
        UserError: Naming the files, the entry, the value and the cure.
    """
    truth, results = load_json(ground_truth), load_results(predictions)
    try:
        return evaluate_masks(truth, results)
    except UserError as error:
        raise UserError(f'{predictions} (against {ground_truth}): {error}') from None


def mask_results(tracks: Sequence[Dict]) -> List[Dict]:
    """Results of images that ran as videos of one frame, as entries of a COCO result file.

    Args:
        tracks: As :func:`.vis_files.track_results` gives them; those without a mask are left out.
    """
    return [dict(image_id=track['video_id'], category_id=track['category_id'],
                 score=track['score'], segmentation=track['segmentations'][0])
            for track in tracks if track['segmentations'][0] is not None]
