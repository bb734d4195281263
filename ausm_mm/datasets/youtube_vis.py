"""Videos with a YouTube-VIS json."""
import json
import os.path as osp
from typing import Any, Dict, List, Optional

from ..registry import DATASETS
from .base_video import BaseVideoDataset
from .errors import DataError
from .images import read_bytes


@DATASETS.register_module()
class YouTubeVISDataset(BaseVideoDataset):
    """Reads the native YouTube-VIS json; OVIS and other sets share the format.

    ``annotations`` may be null (test splits), entries of ``segmentations`` may be null (the object
    is absent) and are compressed or uncompressed RLEs or polygons. Annotations with ``iscrowd``
    are left out. The labels follow ``metainfo['classes']`` if the config gives it, else the
    categories in order of their ids.

    Args:
        ann_file: The json.
        data_prefix: ``img``: the folder that ``file_names`` are relative to.
        dataset_name, task, exhaustive, **kwargs: As in :class:`BaseVideoDataset`.

    Raises:
        DataError: Naming the json, the entry and the cure.
    """

    def __init__(self, *args, data_prefix: Dict[str, str], dataset_name: str = 'youtube_vis',
                 task: str = 'unprompted', exhaustive: bool = True, **kwargs) -> None:
        super().__init__(*args, data_prefix=data_prefix, dataset_name=dataset_name, task=task,
                         exhaustive=exhaustive, **kwargs)

    def load_data_list(self) -> List[Dict]:
        content = self._load_json()
        labels = self._read_categories(self._get(content, 'categories', 'the file'))
        videos = {}
        for raw in self._get(content, 'videos', 'the file'):
            video = self._read_video(raw)
            videos[video['video_id']] = video
        annotations = self._get(content, 'annotations', 'the file (null where there are none)')
        for raw in annotations or []:
            self._add_object(videos, labels, raw)
        return list(videos.values())

    def _load_json(self) -> Dict:
        data = read_bytes(self.ann_file)
        try:
            content = json.loads(data)
        except ValueError as error:
            raise DataError(f'{self.ann_file}: is not valid json ({error}); '
                            'copy or write it again') from None
        if not isinstance(content, dict):
            raise DataError(f'{self.ann_file}: holds a {type(content).__name__}, not the dict of a '
                            'YouTube-VIS annotation; is it a result file?')
        return content

    def _get(self, entry: Dict, key: str, owner: str) -> Any:
        if not isinstance(entry, dict) or key not in entry:
            raise DataError(f'{self.ann_file}: the key {key!r} is missing in {owner}; '
                            'see the YouTube-VIS layout in docs/data.md')
        return entry[key]

    def _read_categories(self, categories: List[Dict]) -> Dict[int, int]:
        """Sets the classes and returns category id -> label."""
        names = {self._get(c, 'id', 'a category'): self._get(c, 'name', 'a category')
                 for c in categories}
        classes = self._metainfo.setdefault('classes', tuple(names[i] for i in sorted(names)))
        unknown = sorted(set(names.values()) - set(classes))
        if unknown:
            raise DataError(f'{self.ann_file}: the category {unknown[0]!r} is not among the '
                            f"metainfo's classes {tuple(classes)}; add it to the config")
        return {category_id: classes.index(name) for category_id, name in names.items()}

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
        category_id = self._get(raw, 'category_id', owner)
        segmentations = self._get(raw, 'segmentations', owner)
        if video_id not in videos:
            raise DataError(f'{self.ann_file}: {owner} names the video {video_id}, which is not '
                            'among the videos; remove it or add the video')
        if category_id not in labels:
            raise DataError(f'{self.ann_file}: {owner} names the category {category_id}, which is '
                            'not among the categories; add it there')
        video = videos[video_id]
        if not isinstance(segmentations, list) or len(segmentations) != len(video['img_paths']):
            found = len(segmentations) if isinstance(segmentations, list) else segmentations
            raise DataError(
                f"{self.ann_file}: {owner} has {found} segmentations, its video {video_id} has "
                f"{len(video['img_paths'])} frames; give one a frame, null where it is absent")
        for frame, segmentation in enumerate(segmentations):
            problem = _find_problem(segmentation, video['height'], video['width'])
            if problem:
                raise DataError(f'{self.ann_file}: {owner}, frame {frame} of video {video_id}: '
                                f'{problem}')
        if any(segmentations) and not raw.get('iscrowd', 0):
            video['objects'].append(dict(
                object_id=object_id,
                label=labels[category_id],
                segmentations=[segmentation or None for segmentation in segmentations]))


def _find_problem(segmentation, height: int, width: int) -> Optional[str]:
    """What is wrong with an entry of ``segmentations``, with the cure, or None."""
    if not segmentation:
        return None
    if isinstance(segmentation, list):
        if all(isinstance(p, list) and len(p) >= 6 and len(p) % 2 == 0 for p in segmentation):
            return None
        return 'each polygon must be a flat list x1, y1, x2, y2, x3, y3, ...; write it again'
    if not isinstance(segmentation, dict) or not {'size', 'counts'} <= set(segmentation):
        return "must be null, polygons or an RLE with 'size' and 'counts'; write it again"
    if list(segmentation['size']) != [height, width]:
        return (f"the mask's size is {list(segmentation['size'])}, the video's [{height}, "
                f'{width}] (height, width); write the mask at the size of the frames')
    return None
