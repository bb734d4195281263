from .coco_metric import COCOVideoMetric
from .vis_metric import VISMetric
from .vos_metric import VOSMetric

__all__ = ['COCOVideoMetric', 'VISMetric', 'VOSMetric']
