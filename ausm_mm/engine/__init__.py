from .checkpoint import CheckpointError, allow_runner_checkpoints, load_weights, read_checkpoint
from .hooks import TrackVisualizationHook

__all__ = [
    'CheckpointError', 'TrackVisualizationHook', 'allow_runner_checkpoints', 'load_weights',
    'read_checkpoint'
]
