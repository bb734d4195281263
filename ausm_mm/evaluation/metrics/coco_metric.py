"""Average precision of single images, run as videos of one frame, as an mmengine metric."""
from typing import Dict, List

from ausm_mm.registry import METRICS
from ..functional import coco_ap
from ..functional.annotation import MASKS
from ..results import mask_results
from .vis_metric import VISMetric


@METRICS.register_module()
class COCOVideoMetric(VISMetric):
    """COCO's AP of instance masks (see :func:`coco_ap`); the ``video_id`` is the image's id.

    Args:
        ann_file: COCO's ``instances_*.json``.
        *args, **kwargs: As for :class:`VISMetric`.
    """
    default_prefix = 'coco'
    annotation_parts = MASKS

    def _score(self, tracks: List[Dict]) -> Dict:
        return coco_ap(self.ground_truth, mask_results(tracks))
