"""Videos with mask PNGs, as DAVIS stores them."""
import os.path as osp
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..registry import DATASETS
from .base_video import BaseVideoDataset
from .errors import DataError, UnreadableFileError
from .images import frame_size, read_lines
from .mask_index import MaskIndex, masks_signature
from .masks import load_label_map
from .palettes import voc_palette

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png')


@DATASETS.register_module()
class DAVISDataset(BaseVideoDataset):
    """Reads folders of frames and of mask PNGs; MOSE and YouTube-VOS share the format.

    A mask belongs to the frame of the same name; frames without a mask are not annotated. What
    the values of a PNG mean: :func:`~.masks.read_label_map`. All masks are looked through once to
    learn which objects are where, and again when they change: :class:`~.mask_index.MaskIndex`. A
    video with a damaged file is left to training's count of unreadable items; tests refuse it.

    Args:
        ann_file: A text file with one video name a line (``ImageSets/2017/train.txt``), or ''
            for all videos.
        data_prefix: ``img`` and ``mask``: the folders that hold a folder for each video
            (``JPEGImages/480p`` and ``Annotations/480p``).
        dataset_name, task, exhaustive, **kwargs: As in :class:`BaseVideoDataset`.

    Raises:
        DataError: Naming the file, the value and the cure.
    """
    METAINFO = dict(classes=('object', ), palette=[voc_palette()[1]])

    def __init__(self, *args, data_prefix: Dict[str, str], dataset_name: str = 'davis',
                 task: str = 'prompted', exhaustive: bool = False, **kwargs) -> None:
        super().__init__(*args, data_prefix=data_prefix, dataset_name=dataset_name, task=task,
                         exhaustive=exhaustive, **kwargs)

    def load_data_list(self) -> List[Dict]:
        index = MaskIndex(self.data_prefix['mask'])
        videos = self._read_videos(self.video_names(), index)
        index.save()
        return videos

    def _read_videos(self, names: Sequence[str], source: Any) -> List[Dict]:
        """The videos of some names, with the objects that a source knows of."""

        def read(video_id: int, name: str) -> Dict:
            try:
                video, mask_paths = self._read_folders(video_id, name)
                return dict(video, objects=self._read_objects(video, mask_paths, source))
            except UnreadableFileError as error:
                if self.test_mode:
                    raise
                return dict(unreadable=str(error))

        # Reading PNGs releases the interpreter's lock.
        with ThreadPoolExecutor(max_workers=4) as pool:
            return list(pool.map(read, range(len(names)), names))

    def _read_objects(self, video: Dict, mask_paths: List[Optional[str]],
                      index: MaskIndex) -> List[Dict]:
        """The objects of a video, given the mask of each frame."""
        height, width = video['height'], video['width']
        signature = masks_signature(mask_paths, height, width)
        ids = index.get(video['video_name'], signature)
        if ids is None:
            ids = [path and _object_ids(path, height, width) for path in mask_paths]
            index.put(video['video_name'], signature, ids)
        return _group_objects(ids, mask_paths)

    def video_names(self) -> List[str]:
        if self.ann_file:
            names = read_lines(self.ann_file)
            if not names:
                raise DataError(f'{self.ann_file}: names no video; write one name a line')
            return names
        root = Path(self.data_prefix['img'])
        if not root.is_dir():
            raise DataError(f"{root}: is not a folder; correct data_prefix['img']")
        return sorted(path.name for path in root.iterdir() if path.is_dir())

    def _read_folders(self, video_id: int, name: str) -> Tuple[Dict, List[Optional[str]]]:
        """A video without its objects, and the path of each frame's mask."""
        frames = files_by_stem(osp.join(self.data_prefix['img'], name), IMAGE_SUFFIXES, 'img')
        masks = files_by_stem(osp.join(self.data_prefix['mask'], name), ('.png', ), 'mask')
        orphans = sorted(set(masks) - set(frames))
        if orphans:
            raise DataError(f'{masks[orphans[0]]}: there is no frame of that name in '
                            f"{self.data_prefix['img']}/{name}; remove the mask or add the frame")
        stems = sorted(frames)
        height, width = frame_size(frames[stems[0]])
        video = dict(
            video_id=video_id,
            video_name=name,
            height=height,
            width=width,
            img_paths=[frames[stem] for stem in stems],
            annotated_frames=[t for t, stem in enumerate(stems) if stem in masks])
        return video, [masks.get(stem) for stem in stems]


def _object_ids(path: str, height: int, width: int) -> List[int]:
    counts = np.bincount(load_label_map(path, height, width).ravel())
    return (np.flatnonzero(counts[1:]) + 1).tolist()


def _group_objects(ids: List[Optional[List[int]]], mask_paths: List[Optional[str]]) -> List[Dict]:
    """The objects of a video whose frame t has the objects ``ids[t]`` in ``mask_paths[t]``."""
    segmentations = {}
    for t, path in enumerate(mask_paths):
        for object_id in ids[t] or []:
            segmentations.setdefault(object_id, [None] * len(mask_paths))[t] = path
    return [dict(object_id=object_id, label=0, segmentations=segmentations[object_id])
            for object_id in sorted(segmentations)]


def files_by_stem(folder: str, suffixes, prefix: str) -> Dict[str, str]:
    """Name without suffix -> path of all files of a kind; at least one."""
    if not osp.isdir(folder):
        raise DataError(f'{folder}: is not a folder; is the data complete and '
                        f'data_prefix[{prefix!r}] right?')
    files = {path.stem: str(path) for path in Path(folder).iterdir()
             if path.suffix.lower() in suffixes}
    if not files:
        raise DataError(f"{folder}: holds no {' or '.join(suffixes)} file; add them or take the "
                        'video out of the list')
    return files


@DATASETS.register_module()
class MOSEDataset(DAVISDataset):
    """MOSE: the DAVIS layout without resolution folders or lists of videos."""

    def __init__(self, *args, dataset_name: str = 'mose', **kwargs) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)
