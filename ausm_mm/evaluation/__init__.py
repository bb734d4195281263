from .metrics import VISMetric, VOSMetric

__all__ = ['VISMetric', 'VOSMetric']
