from .skip_trained_data_hook import SkipTrainedDataHook
from .track_visualization_hook import TrackVisualizationHook

__all__ = ['SkipTrainedDataHook', 'TrackVisualizationHook']
