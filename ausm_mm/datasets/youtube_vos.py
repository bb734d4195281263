"""YouTube-VOS: mask PNGs whose objects are listed in a ``meta.json``."""
from operator import itemgetter
from pathlib import Path
from typing import Any, Dict, List, Optional

from ..registry import DATASETS
from .davis import DAVISDataset
from .errors import DataError
from .json_values import load_json, read_value

# The categories of the training split, the same in 2018 and 2019; all others are unseen.
SEEN_CATEGORIES = frozenset((
    'airplane', 'ape', 'bear', 'bike', 'bird', 'boat', 'bucket', 'bus', 'camel', 'cat', 'cow',
    'crocodile', 'deer', 'dog', 'dolphin', 'duck', 'eagle', 'earless_seal', 'elephant', 'fish',
    'fox', 'frisbee', 'frog', 'giant_panda', 'giraffe', 'hand', 'hat', 'hedgehog', 'horse', 'knife',
    'leopard', 'lion', 'lizard', 'monkey', 'motorbike', 'mouse', 'others', 'owl', 'paddle',
    'parachute', 'parrot', 'penguin', 'person', 'plant', 'rabbit', 'raccoon', 'sedan', 'shark',
    'sheep', 'sign', 'skateboard', 'snail', 'snake', 'snowboard', 'squirrel', 'surfboard',
    'tennis_racket', 'tiger', 'toilet', 'train', 'truck', 'turtle', 'umbrella', 'whale', 'zebra'))


@DATASETS.register_module()
class YouTubeVOSDataset(DAVISDataset):
    """Reads YouTube-VOS 2018 and 2019 in their official layout.

    ``meta.json`` says which objects a video has and in which frames, so no mask is opened before
    it is needed. An object that appears late has its first mask where it appears; in the valid
    split that is its only one. A listed frame without a PNG is one to predict. Where the category
    is given, an object also has ``category`` and ``seen``: whether the training split has it.

    Args:
        ann_file: ``meta.json``.
        data_prefix: ``img`` and ``mask``: the folders that hold a folder for each video
            (``JPEGImages`` and ``Annotations``).
        dataset_name, **kwargs: As in :class:`BaseVideoDataset`.

    Raises:
        DataError: Naming the file, the value and the cure.
    """

    def __init__(self, *args, dataset_name: str = 'youtube_vos', **kwargs) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)

    def load_data_list(self) -> List[Dict]:
        content = load_json(self.ann_file, 'YouTube-VOS')
        entries = self._get(content, 'videos', 'dict', 'the file')
        objects = {name: self._get(entry, 'objects', 'dict', f'video {name}')
                   for name, entry in entries.items()}
        return self._read_videos(sorted(objects), objects)

    def _read_objects(self, video: Dict, mask_paths: List[Optional[str]],
                      objects: Dict[str, Dict]) -> List[Dict]:
        stems = [Path(path).stem for path in video['img_paths']]
        masks = dict(zip(stems, mask_paths, strict=True))
        found = [self._read_object(video['video_name'], object_id, entry, masks)
                 for object_id, entry in objects[video['video_name']].items()]
        return sorted((obj for obj in found if any(obj['segmentations'])),
                      key=itemgetter('object_id'))

    def _get(self, entry: Dict, key: str, kind: str, owner: str) -> Any:
        return read_value(entry, key, kind, owner, self.ann_file, 'YouTube-VOS')

    def _read_object(self, name: str, object_id: str, entry: Dict,
                     masks: Dict[str, Optional[str]]) -> Dict:
        """``masks``: name of each frame -> path of its mask."""
        owner = f'object {object_id} of video {name}'
        listed = set(self._get(entry, 'frames', 'texts', owner))
        if not object_id.isdecimal():
            raise DataError(f'{self.ann_file}: {owner} needs a number as its id; copy the file '
                            'again')
        unknown = sorted(listed - set(masks))
        if unknown:
            raise DataError(f'{self.ann_file}: {owner} is in frame {unknown[0]}, which is not in '
                            f"{self.data_prefix['img']}/{name}; copy the frames again")
        obj = dict(object_id=int(object_id), label=0, segmentations=[
            path if stem in listed else None for stem, path in masks.items()])
        if 'category' in entry:
            category = self._get(entry, 'category', 'text', owner)
            obj.update(category=category, seen=category in SEEN_CATEGORIES)
        return obj
