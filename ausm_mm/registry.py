"""Registries of ausm_mm.

Every registry is a child of mmdet's (itself a child of mmengine's root), so that a config may name
an mmdet component without a prefix and any other OpenMMLab package's with one
(``mmpretrain.SwinTransformer``). Those without locations hold nothing of ausm_mm yet: mmengine
looks every name up in the default scope first and needs them there.
"""
from typing import Sequence

from mmdet import registry as mmdet_registry
from mmengine.registry import STRATEGIES as MMENGINE_STRATEGIES
from mmengine.registry import Registry


def _child(parent: Registry, locations: Sequence[str] = ()) -> Registry:
    return Registry(parent.name, parent=parent, scope='ausm_mm', locations=list(locations))


RUNNERS = _child(mmdet_registry.RUNNERS)
RUNNER_CONSTRUCTORS = _child(mmdet_registry.RUNNER_CONSTRUCTORS)
STRATEGIES = _child(MMENGINE_STRATEGIES, ['ausm_mm.engine'])  # mmdet has none
LOOPS = _child(mmdet_registry.LOOPS)
HOOKS = _child(mmdet_registry.HOOKS, ['ausm_mm.engine'])
DATASETS = _child(mmdet_registry.DATASETS, ['ausm_mm.datasets'])
DATA_SAMPLERS = _child(mmdet_registry.DATA_SAMPLERS, ['ausm_mm.datasets.samplers'])
TRANSFORMS = _child(mmdet_registry.TRANSFORMS, ['ausm_mm.datasets.transforms'])
MODELS = _child(mmdet_registry.MODELS, ['ausm_mm.models'])
MODEL_WRAPPERS = _child(mmdet_registry.MODEL_WRAPPERS)
WEIGHT_INITIALIZERS = _child(mmdet_registry.WEIGHT_INITIALIZERS)
OPTIMIZERS = _child(mmdet_registry.OPTIMIZERS)
OPTIM_WRAPPERS = _child(mmdet_registry.OPTIM_WRAPPERS, ['ausm_mm.engine'])
OPTIM_WRAPPER_CONSTRUCTORS = _child(mmdet_registry.OPTIM_WRAPPER_CONSTRUCTORS)
PARAM_SCHEDULERS = _child(mmdet_registry.PARAM_SCHEDULERS)
METRICS = _child(mmdet_registry.METRICS, ['ausm_mm.evaluation.metrics'])
EVALUATOR = _child(mmdet_registry.EVALUATOR)
TASK_UTILS = _child(mmdet_registry.TASK_UTILS, ['ausm_mm.models'])
VISUALIZERS = _child(mmdet_registry.VISUALIZERS, ['ausm_mm.visualization'])
VISBACKENDS = _child(mmdet_registry.VISBACKENDS)
LOG_PROCESSORS = _child(mmdet_registry.LOG_PROCESSORS)
