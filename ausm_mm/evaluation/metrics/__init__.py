from .vis_metric import VISMetric
from .vos_metric import VOSMetric

__all__ = ['VISMetric', 'VOSMetric']
