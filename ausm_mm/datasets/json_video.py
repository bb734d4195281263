"""What the data sets with one json share: YouTube-VIS and COCO."""
from abc import ABCMeta, abstractmethod
from typing import Any, Dict, List

from .base_video import BaseVideoDataset
from .errors import DataError
from .json_values import load_json, read_value


class JsonVideoDataset(BaseVideoDataset, metaclass=ABCMeta):
    """A data set whose annotation is one json with ``categories`` and ``annotations``.

    The labels follow ``metainfo['classes']`` if the data set or the config gives it, else the
    categories in order of their ids. Annotations with ``iscrowd`` are left out.

    Args:
        ann_file: The json.
        data_prefix: ``img``: the folder that the file names are relative to.
        dataset_name, task, exhaustive, **kwargs: As in :class:`BaseVideoDataset`.

    Raises:
        DataError: Naming the json, the entry and the cure.
    """
    LAYOUT: str  # name of the format, as docs/data.md calls it
    VIDEOS: str  # key of the list of videos
    VIDEO: str  # what an entry of it is called in messages, and with _id the key that names it

    def __init__(self, *args, data_prefix: Dict[str, str], task: str = 'unprompted',
                 exhaustive: bool = True, **kwargs) -> None:
        super().__init__(*args, data_prefix=data_prefix, task=task, exhaustive=exhaustive, **kwargs)

    def load_data_list(self) -> List[Dict]:
        content = load_json(self.ann_file, self.LAYOUT)
        labels = self._read_categories(content)
        videos: Dict[Any, Dict] = {}
        for raw in self._get(content, self.VIDEOS, 'list', 'the file'):
            video_id = self._get(raw, 'id', 'id', f'a {self.VIDEO}')
            if video_id in videos:
                raise DataError(f'{self.ann_file}: two {self.VIDEOS} have the id {video_id}; give '
                                'each one of its own')
            owner = f'{self.VIDEO} {video_id}'
            videos[video_id] = dict(
                video_id=video_id,
                height=int(self._get(raw, 'height', 'size', owner)),
                width=int(self._get(raw, 'width', 'size', owner)),
                objects=[],
                **self._read_frames(raw, owner))
        if content.get('annotations', []) is not None:  # null where they are hidden
            for raw in self._get(content, 'annotations', 'list', 'the file (null if hidden)'):
                self._read_object(videos, labels, raw)
        return list(videos.values())

    @abstractmethod
    def _read_frames(self, raw: Dict, owner: str) -> Dict:
        """``video_name``, ``img_paths`` and ``annotated_frames`` of a video."""

    @abstractmethod
    def _read_segmentations(self, raw: Dict, video: Dict, owner: str) -> List:
        """The object's mask in each frame of its video, None where it is absent."""

    def _read_object(self, videos: Dict[Any, Dict], labels: Dict[int, int], raw: Dict) -> None:
        object_id = self._get(raw, 'id', 'number', 'an annotation')
        owner = f'annotation {object_id}'
        video_id = self._get(raw, f'{self.VIDEO}_id', 'id', owner)
        if video_id not in videos:
            raise DataError(f'{self.ann_file}: {owner} names the {self.VIDEO} {video_id}, which is '
                            f'not among the {self.VIDEOS}; remove it or add the {self.VIDEO}')
        category_id = self._get(raw, 'category_id', 'number', owner)
        if category_id not in labels:
            raise DataError(f'{self.ann_file}: {owner} names the category {category_id}, which is '
                            'not among the categories; add it there')
        segmentations = self._read_segmentations(raw, videos[video_id], owner)
        if any(segmentations) and not raw.get('iscrowd'):
            videos[video_id]['objects'].append(dict(
                object_id=object_id, label=labels[category_id], segmentations=segmentations))

    def _get(self, entry: Dict, key: str, kind: str, owner: str) -> Any:
        return read_value(entry, key, kind, owner, self.ann_file, self.LAYOUT)

    def _read_categories(self, content: Dict) -> Dict[int, int]:
        """Sets the classes and returns category id -> label."""
        names = {self._get(c, 'id', 'number', 'a category'):
                 self._get(c, 'name', 'text', 'a category')
                 for c in self._get(content, 'categories', 'list', 'the file')}
        classes = self._metainfo.setdefault('classes', tuple(names[i] for i in sorted(names)))
        unknown = sorted(set(names.values()) - set(classes))
        if unknown:
            raise DataError(f'{self.ann_file}: the category {unknown[0]!r} is not among the '
                            f"{len(classes)} classes of the metainfo; add it to the config")
        return {category_id: classes.index(name) for category_id, name in names.items()}
