"""Registries of ausm_mm.

Every registry is a child of mmdet's (itself a child of mmengine's root), so that a config may name
an mmdet component without a prefix and any other OpenMMLab package's with one
(``mmpretrain.SwinTransformer``).
"""
from mmdet import registry as mmdet_registry
from mmengine.registry import Registry

DATASETS = Registry(
    'dataset', parent=mmdet_registry.DATASETS, scope='ausm_mm', locations=['ausm_mm.datasets'])
TRANSFORMS = Registry(
    'transform',
    parent=mmdet_registry.TRANSFORMS,
    scope='ausm_mm',
    locations=['ausm_mm.datasets.transforms'])
MODELS = Registry(
    'model', parent=mmdet_registry.MODELS, scope='ausm_mm', locations=['ausm_mm.models'])
TASK_UTILS = Registry(
    'task util', parent=mmdet_registry.TASK_UTILS, scope='ausm_mm', locations=['ausm_mm.models'])
METRICS = Registry(
    'metric', parent=mmdet_registry.METRICS, scope='ausm_mm', locations=['ausm_mm.evaluation'])
VISUALIZERS = Registry(
    'visualizer',
    parent=mmdet_registry.VISUALIZERS,
    scope='ausm_mm',
    locations=['ausm_mm.visualization'])
HOOKS = Registry(
    'hook', parent=mmdet_registry.HOOKS, scope='ausm_mm', locations=['ausm_mm.engine'])
