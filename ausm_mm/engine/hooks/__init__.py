from .hand_over_hook import HandOverHook
from .non_finite_loss_hook import NonFiniteLossHook
from .seed_iteration_hook import SeedIterationHook
from .skip_trained_data_hook import SkipTrainedDataHook
from .track_visualization_hook import TrackVisualizationHook
from .unreadable_data_hook import UnreadableDataHook

__all__ = [
    'HandOverHook', 'NonFiniteLossHook', 'SeedIterationHook', 'SkipTrainedDataHook',
    'TrackVisualizationHook', 'UnreadableDataHook'
]
