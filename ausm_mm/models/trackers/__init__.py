from .id_tracker import IDTracker
from .track_recorder import FrameMasks, FramePrediction, TrackRecorder

__all__ = ['FrameMasks', 'FramePrediction', 'IDTracker', 'TrackRecorder']
