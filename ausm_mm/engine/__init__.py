from .checkpoint import CheckpointError, load_weights, read_checkpoint, use_safe_reader
from .fully_sharded import FullyShardedStrategy
from .hooks import (
    HandOverHook,
    NonFiniteLossHook,
    SeedIterationHook,
    SkipTrainedDataHook,
    TrackVisualizationHook,
    UnreadableDataHook,
)
from .launch import add_run_arguments, load_config
from .optim_wrapper import BFloat16OptimWrapper
from .resuming import resume_from

__all__ = [
    'BFloat16OptimWrapper', 'CheckpointError', 'FullyShardedStrategy', 'HandOverHook',
    'NonFiniteLossHook', 'SeedIterationHook', 'SkipTrainedDataHook', 'TrackVisualizationHook',
    'UnreadableDataHook', 'add_run_arguments', 'load_config', 'load_weights', 'read_checkpoint',
    'resume_from', 'use_safe_reader'
]
