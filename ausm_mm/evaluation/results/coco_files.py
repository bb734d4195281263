"""Scoring COCO result files."""
from typing import Dict

from ausm_mm.errors import UserError
from ausm_mm.utils.files import PathLike
from ..functional import coco_ap
from .json_files import load_json, load_results


def score_coco_files(ground_truth: PathLike, predictions: PathLike) -> Dict:
    """:func:`~ausm_mm.evaluation.functional.coco_ap` of two files.

    Raises:
        UserError: Naming the files, the entry, the value and the cure.
    """
    truth, results = load_json(ground_truth), load_results(predictions)
    try:
        return coco_ap(truth, results)
    except UserError as error:
        raise UserError(f'{predictions} (against {ground_truth}): {error}') from None
