"""Metrics. ``functional`` and ``results`` need neither torch nor mmengine; ``metrics`` does."""
