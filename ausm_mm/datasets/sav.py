"""Videos with masklet jsons, as SA-V stores its training set."""
import os.path as osp
from pathlib import Path
from reprlib import repr as short_repr
from typing import Dict, List, Optional, Sequence

from pycocotools import mask as mask_util

from ..registry import DATASETS
from .base_video import BaseVideoDataset
from .errors import DataError
from .frame_reader import video_frame_path
from .images import read_lines
from .json_values import find_problem, load_json, read_value

# SA-V is annotated at 6 frames a second, its videos have 24.
FRAME_STEP = 4
MASKLETS = ('manual', 'auto')


@DATASETS.register_module()
class SAVDataset(BaseVideoDataset):
    """Reads mp4 files with ``{video}_manual.json`` and ``{video}_auto.json`` beside them.

    Frame t of an item is frame 4 t of the mp4. Only the names are looked through when the set is
    built: a json is read when its video is drawn, a frame when it is needed. The objects are
    numbered from 1, the manual masklets first.

    Args:
        ann_file: A text file with one video name a line, or '' for all videos.
        data_prefix: ``video``: the folder of the videos, directly or in subfolders
            (``sav_000/sav_000001.mp4``).
        masklets: ``'manual'``, ``'auto'`` or both. A video needs one of their files.
        dataset_name, task, exhaustive, **kwargs: As in :class:`BaseVideoDataset`.

    Raises:
        DataError: Naming the file, the value and the cure.
    """
    METAINFO = dict(classes=('object', ), palette=[(128, 0, 0)])

    def __init__(self, *args, data_prefix: Dict[str, str], masklets: Sequence[str] = MASKLETS,
                 dataset_name: str = 'sav', task: str = 'prompted', exhaustive: bool = False,
                 **kwargs) -> None:
        if not masklets or set(masklets) - set(MASKLETS):
            raise DataError(f'masklets={masklets!r} of the data set {dataset_name}: choose one or '
                            f'both of {MASKLETS}')
        self.masklets = [kind for kind in MASKLETS if kind in masklets]
        super().__init__(*args, data_prefix=data_prefix, dataset_name=dataset_name, task=task,
                         exhaustive=exhaustive, **kwargs)

    def load_data_list(self) -> List[Dict]:
        root = Path(self.data_prefix['video'])
        if not root.is_dir():
            raise DataError(f"{root}: is not a folder; correct data_prefix['video']")
        json_files: Dict[str, List[str]] = {}
        for kind in self.masklets:
            for path in sorted(root.rglob(f'*_{kind}.json')):
                json_files.setdefault(path.name[:-len(f'_{kind}.json')], []).append(str(path))
        names = read_lines(self.ann_file) if self.ann_file else sorted(json_files)
        missing = [name for name in names if name not in json_files]
        if missing:
            raise DataError(f'{root}: holds no {missing[0]}_{self.masklets[0]}.json, which '
                            f'{self.ann_file} lists; add it or correct the list')
        return [dict(video_id=i, video_name=name, json_files=json_files[name])
                for i, name in enumerate(names)]

    def filter_data(self) -> List[Dict]:
        """Keeps all videos: whether one has an object is not known before its json is read."""
        if not self.data_list:
            raise DataError(f"{self.data_prefix['video']}: holds no "
                            f"{' or '.join(f'*_{kind}.json' for kind in self.masklets)}; "
                            "correct data_prefix['video']")
        return self.data_list

    def get_data_info(self, idx: int) -> Dict:
        info = super().get_data_info(idx)
        json_files = info.pop('json_files')
        info.update(read_masklets(json_files), ann_file=json_files[0])
        return info

    def prepare_data(self, idx: int) -> Optional[Dict]:
        """As in the base class; None, on which another video is drawn, if a training video has no
        object."""
        info = self.get_data_info(idx)
        if not info['objects'] and not self.test_mode:
            return None
        return self.pipeline(info)


def read_masklets(json_files: Sequence[str]) -> Dict:
    """The objects of one video.

    Args:
        json_files: The manual json, the automatic one, or both.

    Returns:
        The keys height, width, img_paths, annotated_frames and objects of the data contract.

    Raises:
        DataError: If a json is malformed, or two do not belong to the same video.
    """
    objects: List[Dict] = []
    video = None
    for path in json_files:
        content = load_json(path, 'SA-V')
        frames, *size = (read_value(content, key, kind, 'the file', path, 'SA-V') for key, kind in (
            ('masklet', 'list'), ('video_height', 'size'), ('video_width', 'size')))
        shape = (len(frames), *map(int, size))
        if video not in (None, shape):
            raise DataError(f'{path}: has (frames, height, width) {shape}, {json_files[0]} has '
                            f'{video}; copy both again')
        video = shape
        objects += _read_objects(path, frames, *shape[1:])
    for object_id, obj in enumerate(objects, 1):
        obj['object_id'] = object_id
    num_frames, height, width = video
    mp4 = _mp4_of(json_files[0])
    return dict(
        height=height, width=width, objects=objects, annotated_frames=list(range(num_frames)),
        img_paths=[video_frame_path(mp4, FRAME_STEP * t) for t in range(num_frames)])


def _mp4_of(json_file: str) -> str:
    folder, name = osp.split(json_file)
    return osp.join(folder, name.rpartition('_')[0] + '.mp4')


def _read_objects(path: str, frames: List[List[Dict]], height: int, width: int) -> List[Dict]:
    """Turns masklets listed by frame into objects; those without a pixel are left out."""
    empty = mask_util.frPyObjects(dict(size=[height, width], counts=[height * width]), height,
                                  width)['counts'].decode()
    num_objects = len(frames[0]) if frames and isinstance(frames[0], list) else 0
    objects = []
    for t, masks in enumerate(frames):
        if not isinstance(masks, list) or len(masks) != num_objects:
            found = len(masks) if isinstance(masks, list) else short_repr(masks)
            raise DataError(f'{path}: frame {t} has {found} masklets, frame 0 {num_objects}; copy '
                            'the file again')
        for n, mask in enumerate(masks):
            problem = (find_problem(mask, height, width) if isinstance(mask, dict)
                       else 'is no RLE; copy the file again')
            if problem:
                raise DataError(f'{path}: masklet {n}, frame {t}: {problem}')
    for masklet in zip(*frames):
        segmentations = [mask if mask and mask['counts'] != empty else None for mask in masklet]
        if any(segmentations):
            objects.append(dict(label=0, segmentations=segmentations))
    return objects
