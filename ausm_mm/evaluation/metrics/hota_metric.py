"""HOTA and identity switches of video instance segmentation as an mmengine metric."""
from typing import Dict, List

from ausm_mm.registry import METRICS
from ..functional import hota
from ..functional.hota import load_trackeval
from .vis_metric import VISMetric


@METRICS.register_module()
class HOTAMetric(VISMetric):
    """HOTA, DetA, AssA and IDSW (see :func:`hota`); needs the extra ``hota``.

    Args:
        ann_file: As for :class:`VISMetric`.
        min_score: Tracks below it are dropped.
        *args, **kwargs: As for :class:`VISMetric`.
    """
    default_prefix = 'hota'

    def __init__(self, ann_file: str, *args, min_score: float, **kwargs) -> None:
        super().__init__(ann_file, *args, **kwargs)
        self.min_score = min_score
        load_trackeval()  # before the test starts

    def _score(self, tracks: List[Dict]) -> Dict:
        return hota(self.ground_truth, tracks, self.min_score)
