from .clip_data_sample import ClipDataSample, Track
from .frame_features import FrameFeatures, valid_cells
from .stream_state import StreamState, TrackRows

__all__ = ['ClipDataSample', 'FrameFeatures', 'StreamState', 'Track', 'TrackRows', 'valid_cells']
