from . import transforms  # noqa: F401  (registers them)
from .base_video import BaseVideoDataset
from .davis import DAVISDataset
from .errors import DataError
from .youtube_vis import YouTubeVISDataset

__all__ = ['BaseVideoDataset', 'DAVISDataset', 'DataError', 'YouTubeVISDataset']
