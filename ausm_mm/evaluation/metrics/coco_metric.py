"""Average precision of single images, run as videos of one frame, as an mmengine metric."""
from typing import Dict, List

from ausm_mm.registry import METRICS
from ..functional.coco_ap import check_coco_ground_truth, coco_ap
from .vis_metric import VISMetric


@METRICS.register_module()
class COCOVideoMetric(VISMetric):
    """COCO's AP of instance masks (see :func:`coco_ap`); the ``video_id`` is the image's id.

    Args:
        ann_file: COCO's ``instances_*.json``.
        *args, **kwargs: As for :class:`VISMetric`.
    """
    default_prefix = 'coco'
    videos_key = 'images'

    def _check_ground_truth(self) -> None:
        check_coco_ground_truth(self.ground_truth, self.ann_file)

    def _score(self, tracks: List[Dict]) -> Dict:
        return coco_ap(self.ground_truth, [
            dict(
                image_id=track['video_id'],
                category_id=track['category_id'],
                score=track['score'],
                segmentation=track['segmentations'][0]) for track in tracks
            if track['segmentations'][0] is not None
        ])
