from .id_tracker import IDTracker
from .track_recorder import FramePrediction, TrackRecorder

__all__ = ['FramePrediction', 'IDTracker', 'TrackRecorder']
