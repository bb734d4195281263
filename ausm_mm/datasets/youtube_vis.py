"""Videos with a YouTube-VIS json."""
import os.path as osp
from typing import Dict, List

from ..registry import DATASETS
from .errors import DataError
from .json_video import JsonVideoDataset, find_problem, load_json


@DATASETS.register_module()
class YouTubeVISDataset(JsonVideoDataset):
    """Reads the native YouTube-VIS json; OVIS and other sets share the format.

    ``annotations`` may be null (test splits), entries of ``segmentations`` may be null (the object
    is absent) and are compressed or uncompressed RLEs or polygons. Annotations with ``iscrowd``
    are left out. Labels: :class:`~.json_video.JsonVideoDataset`.

    Args:
        ann_file: The json.
        data_prefix: ``img``: the folder that ``file_names`` are relative to.
        dataset_name, task, exhaustive, **kwargs: As in :class:`BaseVideoDataset`.

    Raises:
        DataError: Naming the json, the entry and the cure.
    """

    LAYOUT = 'YouTube-VIS'

    def __init__(self, *args, data_prefix: Dict[str, str], dataset_name: str = 'youtube_vis',
                 task: str = 'unprompted', exhaustive: bool = True, **kwargs) -> None:
        super().__init__(*args, data_prefix=data_prefix, dataset_name=dataset_name, task=task,
                         exhaustive=exhaustive, **kwargs)

    def load_data_list(self) -> List[Dict]:
        content = load_json(self.ann_file, self.LAYOUT)
        labels = self._read_categories(content)
        videos = {}
        for raw in self._get(content, 'videos', 'the file'):
            video = self._read_video(raw)
            videos[video['video_id']] = video
        annotations = self._get(content, 'annotations', 'the file (null where there are none)')
        for raw in annotations or []:
            self._add_object(videos, labels, raw)
        return list(videos.values())

    def _read_video(self, raw: Dict) -> Dict:
        video_id = self._get(raw, 'id', 'a video')
        owner = f'video {video_id}'
        file_names = self._get(raw, 'file_names', owner)
        if not file_names:
            raise DataError(f'{self.ann_file}: {owner} has no file_names; remove it')
        return dict(
            video_id=video_id,
            video_name=raw.get('name') or osp.dirname(file_names[0]) or str(video_id),
            height=self._get(raw, 'height', owner),
            width=self._get(raw, 'width', owner),
            img_paths=[osp.join(self.data_prefix['img'], name) for name in file_names],
            annotated_frames=list(range(len(file_names))),
            objects=[])

    def _add_object(self, videos: Dict[int, Dict], labels: Dict[int, int], raw: Dict) -> None:
        object_id = self._get(raw, 'id', 'an annotation')
        owner = f'annotation {object_id}'
        video_id = self._get(raw, 'video_id', owner)
        segmentations = self._get(raw, 'segmentations', owner)
        if video_id not in videos:
            raise DataError(f'{self.ann_file}: {owner} names the video {video_id}, which is not '
                            'among the videos; remove it or add the video')
        label = self._category_label(raw, labels, owner)
        video = videos[video_id]
        if not isinstance(segmentations, list) or len(segmentations) != len(video['img_paths']):
            found = len(segmentations) if isinstance(segmentations, list) else segmentations
            raise DataError(
                f"{self.ann_file}: {owner} has {found} segmentations, its video {video_id} has "
                f"{len(video['img_paths'])} frames; give one a frame, null where it is absent")
        for frame, segmentation in enumerate(segmentations):
            problem = find_problem(segmentation, video['height'], video['width'])
            if problem:
                raise DataError(f'{self.ann_file}: {owner}, frame {frame} of video {video_id}: '
                                f'{problem}')
        if any(segmentations) and not raw.get('iscrowd', 0):
            video['objects'].append(dict(
                object_id=object_id,
                label=label,
                segmentations=[segmentation or None for segmentation in segmentations]))
