"""YouTube-VOS: mask PNGs whose objects are listed in a ``meta.json``."""
import os.path as osp
from operator import itemgetter
from typing import Dict, List

from ..registry import DATASETS
from .base_video import BaseVideoDataset
from .davis import IMAGE_SUFFIXES, files_by_stem
from .errors import DataError
from .images import frame_size
from .json_video import load_json
from .palettes import voc_palette

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
class YouTubeVOSDataset(BaseVideoDataset):
    """Reads YouTube-VOS 2018 and 2019 in their official layout.

    ``meta.json`` says which objects a video has and in which frames, so no mask is opened before
    it is needed. An object that appears late has its first mask where it appears; in the valid
    split that is its only one. A listed frame without a PNG is one to predict. Where the category
    is given, an object also has ``category`` and ``seen``: whether the training split has it.

    Args:
        ann_file: ``meta.json``.
        data_prefix: ``img`` and ``mask``: the folders that hold a folder for each video
            (``JPEGImages`` and ``Annotations``).
        dataset_name, task, exhaustive, **kwargs: As in :class:`BaseVideoDataset`.

    Raises:
        DataError: Naming the file, the value and the cure.
    """
    METAINFO = dict(classes=('object', ), palette=[voc_palette()[1]])

    def __init__(self, *args, data_prefix: Dict[str, str], dataset_name: str = 'youtube_vos',
                 task: str = 'prompted', exhaustive: bool = False, **kwargs) -> None:
        super().__init__(*args, data_prefix=data_prefix, dataset_name=dataset_name, task=task,
                         exhaustive=exhaustive, **kwargs)

    def load_data_list(self) -> List[Dict]:
        content = load_json(self.ann_file, 'YouTube-VOS')
        videos = content.get('videos')
        if not isinstance(videos, dict):
            raise DataError(f"{self.ann_file}: the key 'videos' is missing or no dict; is it the "
                            'meta.json of YouTube-VOS?')
        return [self._read_video(i, name, videos[name]) for i, name in enumerate(sorted(videos))]

    def _read_video(self, video_id: int, name: str, raw: Dict) -> Dict:
        frames = files_by_stem(osp.join(self.data_prefix['img'], name), IMAGE_SUFFIXES, 'img')
        masks = files_by_stem(osp.join(self.data_prefix['mask'], name), ('.png', ), 'mask')
        stems = sorted(frames)
        orphans = sorted(set(masks) - set(frames))
        if orphans:
            raise DataError(f'{masks[orphans[0]]}: there is no frame of that name in '
                            f"{self.data_prefix['img']}/{name}; copy the frames again")
        height, width = frame_size(frames[stems[0]])
        position = {stem: t for t, stem in enumerate(stems)}
        objects = [self._read_object(name, object_id, entry, position, masks)
                   for object_id, entry in raw.get('objects', {}).items()]
        return dict(
            video_id=video_id,
            video_name=name,
            height=height,
            width=width,
            img_paths=[frames[stem] for stem in stems],
            annotated_frames=[t for t, stem in enumerate(stems) if stem in masks],
            objects=sorted((obj for obj in objects if any(obj['segmentations'])),
                           key=itemgetter('object_id')))

    def _read_object(self, name: str, object_id: str, entry: Dict, position: Dict[str, int],
                     masks: Dict[str, str]) -> Dict:
        owner = f'video {name}, object {object_id}'
        if not object_id.isdigit() or not entry.get('frames'):
            raise DataError(f"{self.ann_file}: {owner} needs a number as its id and 'frames'; copy "
                            'the file again')
        segmentations = [None] * len(position)
        for stem in entry['frames']:
            if stem not in position:
                raise DataError(f'{self.ann_file}: {owner} is in frame {stem}, which is not in '
                                f"{self.data_prefix['img']}/{name}; copy the frames again")
            segmentations[position[stem]] = masks.get(stem)
        obj = dict(object_id=int(object_id), label=0, segmentations=segmentations)
        if 'category' in entry:
            obj.update(category=entry['category'], seen=entry['category'] in SEEN_CATEGORIES)
        return obj
