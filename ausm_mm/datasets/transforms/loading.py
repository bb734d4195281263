"""Reading the frames and masks of a clip, or the frames of a whole video one by one."""
from typing import Dict, List, Optional, Tuple

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS
from ..frame_reader import FrameReader
from ..images import check_size, resize_frame, resized_shape
from ..masks import video_masks


def clip_shape(results: Dict) -> Tuple[int, int]:
    """Height and width that the clip has, or will have once it is loaded."""
    return results.get('img_shape') or (results['height'], results['width'])


@TRANSFORMS.register_module()
class LoadClipFrames(BaseTransform):
    """Reads the chosen frames, each once, and resizes them to ``img_shape`` if a transform before
    has chosen one.

    Required keys: img_paths, frame_ids, height, width; img_shape if chosen. Added keys: frames
    (uint8 (T, h, w, 3), BGR), ori_shape, img_shape.

    Raises:
        DataError: If a frame is missing, unreadable or of another size than its video.
    """

    def transform(self, results: Dict) -> Dict:
        stored = (results['height'], results['width'])
        shape = clip_shape(results)
        frame_ids = results['frame_ids']
        read = FrameReader()
        frames = np.empty((len(frame_ids), *shape, 3), np.uint8)
        unique, first = np.unique(frame_ids, return_index=True)
        for t, position in zip(unique, first, strict=True):  # in order of time, as videos need it
            path = results['img_paths'][t]
            frames[position] = resize_frame(check_size(read(path), path, *stored), *shape)
        for position, t in enumerate(frame_ids):
            source = first[np.searchsorted(unique, t)]
            if source != position:
                frames[position] = frames[source]
        results.update(frames=frames, ori_shape=stored, img_shape=shape)
        return results


@TRANSFORMS.register_module()
class LoadClipMasks(BaseTransform):
    """Decodes the masks of the chosen frames, each once, at the size that the clip has by now.

    The later it comes in a pipeline, the fewer pixels it makes. Objects that no chosen frame has
    are left out.

    Required keys: objects, frame_ids, height, width; img_shape if it is not the stored size. Added
    keys: masks (bool (N, T, h, w)), labels (int64 (N,)), object_ids (int64 (N,)).

    Raises:
        DataError: If a mask is missing, malformed or of another size than its frame.
    """

    def transform(self, results: Dict) -> Dict:
        shape = clip_shape(results)
        frame_ids = results['frame_ids']
        objects = [obj for obj in results['objects']
                   if any(obj['segmentations'][t] is not None for t in frame_ids)]
        masks = np.empty((len(objects), len(frame_ids), *shape), bool)
        video = dict(results, objects=objects)
        for position, t in enumerate(frame_ids):
            first = frame_ids.index(t)
            masks[:, position] = (video_masks(video, t, shape) if first == position
                                  else masks[:, first])
        results['masks'] = masks
        results['labels'] = np.array([obj['label'] for obj in objects], np.int64)
        results['object_ids'] = np.array([obj['object_id'] for obj in objects], np.int64)
        return results


class FrameSequence:
    """The frames of a video, decoded on access.

    ``sequence[t]`` is a uint8 tensor (3, h, w) in BGR. Deliberately no
    ``collections.abc.Sequence``: mmengine's collate functions would take it apart.

    Args:
        img_paths: Image files, or frames of a video file.
        ori_shape: Height and width that every frame must have.
        img_shape: Height and width to resize to.
    """

    def __init__(self, img_paths: List[str], ori_shape, img_shape) -> None:
        self.img_paths = img_paths
        self.ori_shape = ori_shape
        self.img_shape = img_shape
        self._read = FrameReader()

    def __len__(self) -> int:
        return len(self.img_paths)

    def __getitem__(self, t: int) -> torch.Tensor:
        path = self.img_paths[t]
        frame = check_size(self._read(path), path, *self.ori_shape)
        frame = resize_frame(frame, *self.img_shape)
        return torch.from_numpy(np.ascontiguousarray(frame.transpose(2, 0, 1)))


@TRANSFORMS.register_module()
class LazyFrames(BaseTransform):
    """Opens a whole video as a :class:`FrameSequence`.

    Required keys: img_paths, height, width. Added keys: frames (FrameSequence), frame_ids,
    ori_shape, img_shape.

    Args:
        short_side: Resize every frame so that its shorter side has so many pixels; None keeps the
            stored size.
        max_long_side: Resize less if the longer side would get longer than this.
    """

    def __init__(self, short_side: Optional[int] = None,
                 max_long_side: Optional[int] = None) -> None:
        self.short_side = short_side
        self.max_long_side = max_long_side

    def transform(self, results: Dict) -> Dict:
        ori_shape = img_shape = (results['height'], results['width'])
        if self.short_side is not None:
            img_shape = resized_shape(*ori_shape, self.short_side, self.max_long_side)
        results['frames'] = FrameSequence(results['img_paths'], ori_shape, img_shape)
        results['frame_ids'] = list(range(len(results['img_paths'])))
        results['ori_shape'], results['img_shape'] = ori_shape, img_shape
        return results
