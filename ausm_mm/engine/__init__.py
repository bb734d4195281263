from .checkpoint import (
    CheckpointError,
    check_resumable,
    load_weights,
    read_checkpoint,
    use_safe_reader,
)
from .hooks import SkipTrainedDataHook, TrackVisualizationHook
from .launch import add_run_arguments, load_config
from .optim_wrapper import BFloat16OptimWrapper

__all__ = [
    'BFloat16OptimWrapper', 'CheckpointError', 'SkipTrainedDataHook', 'TrackVisualizationHook',
    'add_run_arguments', 'check_resumable', 'load_config', 'load_weights', 'read_checkpoint',
    'use_safe_reader'
]
