from . import transforms  # noqa: F401  (registers them)
from .base_video import BaseVideoDataset
from .coco import COCOVideoDataset
from .davis import DAVISDataset, MOSEDataset
from .errors import DataError
from .multi_source import MultiSourceDataset
from .sav import SAVDataset
from .youtube_vis import YouTubeVISDataset
from .youtube_vis_sets import OVISDataset, YouTubeVIS2019Dataset, YouTubeVIS2021Dataset
from .youtube_vos import YouTubeVOSDataset

__all__ = [
    'BaseVideoDataset', 'COCOVideoDataset', 'DAVISDataset', 'DataError', 'MOSEDataset',
    'MultiSourceDataset', 'OVISDataset', 'SAVDataset', 'YouTubeVIS2019Dataset',
    'YouTubeVIS2021Dataset', 'YouTubeVISDataset', 'YouTubeVOSDataset'
]
