from .coco_metric import COCOVideoMetric
from .hota_metric import HOTAMetric
from .vis_metric import VISMetric
from .vos_metric import VOSMetric

__all__ = ['COCOVideoMetric', 'HOTAMetric', 'VISMetric', 'VOSMetric']
