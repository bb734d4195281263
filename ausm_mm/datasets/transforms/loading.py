"""Reading the frames and masks of a clip, or the frames of a whole video one by one."""
from typing import Dict, List, Optional

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS
from ..errors import DataError
from ..images import read_frame, resize_frame, resized_shape
from ..masks import frame_masks


def _read_checked(path: str, height: int, width: int) -> np.ndarray:
    """A frame that must have the size its video was announced with; uint8 (height, width, 3)."""
    frame = read_frame(path)
    if frame.shape[:2] != (height, width):
        raise DataError(
            f'{path}: the frame is {frame.shape[1]} x {frame.shape[0]} (width x height), its video '
            f'{width} x {height}; correct the annotation or extract the frames again')
    return frame


@TRANSFORMS.register_module()
class LoadClipFrames(BaseTransform):
    """Reads the chosen frames.

    Required keys: img_paths, frame_ids, height, width. Added keys: frames (uint8 (T, H, W, 3),
    BGR), ori_shape, img_shape.

    Raises:
        DataError: If a frame is missing, unreadable or of another size than its video.
    """

    def transform(self, results: Dict) -> Dict:
        shape = (results['height'], results['width'])
        frame_ids = results['frame_ids']
        frames = {t: _read_checked(results['img_paths'][t], *shape) for t in set(frame_ids)}
        results['frames'] = np.stack([frames[t] for t in frame_ids])
        results['ori_shape'] = results['img_shape'] = shape
        return results


@TRANSFORMS.register_module()
class LoadClipMasks(BaseTransform):
    """Decodes the masks of the chosen frames.

    Required keys: objects, frame_ids, height, width. Added keys: masks (bool (N, T, H, W)),
    labels (int64 (N,)), object_ids (int64 (N,)).

    Raises:
        DataError: If a mask is missing, malformed or of another size than its frame.
    """

    def transform(self, results: Dict) -> Dict:
        height, width = results['height'], results['width']
        objects = results['objects']
        unique, position = np.unique(results['frame_ids'], return_inverse=True)
        try:
            masks = np.stack([frame_masks(objects, t, height, width) for t in unique], axis=1)
        except DataError as error:
            where = f"{results['ann_file']}: video {results['video_name']}"
            raise DataError(f'{where}: {error}') from None
        results['masks'] = masks[:, position]  # (N, T, H, W)
        results['labels'] = np.array([obj['label'] for obj in objects], np.int64)
        results['object_ids'] = np.array([obj['object_id'] for obj in objects], np.int64)
        return results


class FrameSequence:
    """The frames of a video, decoded on access.

    ``sequence[t]`` is a uint8 tensor (3, h, w) in BGR. Deliberately no
    ``collections.abc.Sequence``: mmengine's collate functions would take it apart.

    Args:
        img_paths: Frame files.
        ori_shape: Height and width that every file must have.
        img_shape: Height and width to resize to.
    """

    def __init__(self, img_paths: List[str], ori_shape, img_shape) -> None:
        self.img_paths = img_paths
        self.ori_shape = ori_shape
        self.img_shape = img_shape

    def __len__(self) -> int:
        return len(self.img_paths)

    def __getitem__(self, t: int) -> torch.Tensor:
        frame = _read_checked(self.img_paths[t], *self.ori_shape)
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
