"""Videos with a YouTube-VIS json."""
import os.path as osp
from typing import Dict, List

from ..registry import DATASETS
from .errors import DataError
from .json_values import find_problem
from .json_video import JsonVideoDataset


@DATASETS.register_module()
class YouTubeVISDataset(JsonVideoDataset):
    """Reads the native YouTube-VIS json; OVIS and other sets share the format.

    ``annotations`` may be null (test splits), entries of ``segmentations`` may be null (the object
    is absent) and are compressed or uncompressed RLEs or polygons. Arguments as in
    :class:`~.json_video.JsonVideoDataset`.
    """
    LAYOUT = 'YouTube-VIS'
    VIDEOS, VIDEO = 'videos', 'video'

    def __init__(self, *args, dataset_name: str = 'youtube_vis', **kwargs) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)

    def _read_frames(self, raw: Dict, owner: str) -> Dict:
        file_names = self._get(raw, 'file_names', 'texts', owner)
        return dict(
            video_name=str(raw.get('name') or osp.dirname(file_names[0]) or raw['id']),
            img_paths=[osp.join(self.data_prefix['img'], name) for name in file_names],
            annotated_frames=list(range(len(file_names))))

    def _read_segmentations(self, raw: Dict, video: Dict, owner: str) -> List:
        segmentations = self._get(raw, 'segmentations', 'list', owner)
        owner = f"{owner} of video {video['video_id']}"
        if len(segmentations) != len(video['img_paths']):
            raise DataError(
                f"{self.ann_file}: {owner} has {len(segmentations)} segmentations for "
                f"{len(video['img_paths'])} frames; give one a frame, null where it is absent")
        for frame, segmentation in enumerate(segmentations):
            problem = find_problem(segmentation, video['height'], video['width'])
            if problem:
                raise DataError(f'{self.ann_file}: {owner}, frame {frame}: {problem}')
        return [segmentation or None for segmentation in segmentations]
