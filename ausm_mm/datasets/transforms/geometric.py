"""Spatial augmentations, the same for all frames of a clip."""
from typing import Dict, Optional, Sequence, Tuple, Union

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...errors import UserError
from ...registry import TRANSFORMS
from ..images import resize_frame, resized_shape
from ..masks import map_masks, resize_nearest
from .loading import clip_shape


def _resize_clip(results: Dict, shape: Tuple[int, int]) -> Dict:
    """Resizes what is loaded; what is not yet will be loaded at that size."""
    shape = (int(shape[0]), int(shape[1]))
    if 'frames' in results and shape != tuple(clip_shape(results)):
        results['frames'] = np.stack([resize_frame(f, *shape) for f in results['frames']])
    if 'masks' in results and shape != results['masks'].shape[2:]:
        results['masks'] = map_masks(
            results['masks'], lambda plane: resize_nearest(plane, *shape))
    results['img_shape'] = shape
    return results


@TRANSFORMS.register_module()
class ClipResize(BaseTransform):
    """Resizes a clip to a fixed size, or by its shorter side with the aspect ratio kept.

    Before the loading transforms, it only chooses the size, and every frame and mask is resized as
    it is decoded: that is the quickest.

    Required keys: img_shape, or else height and width. Changed keys: img_shape; frames and masks if
    present.

    Args:
        size: Height and width; or else
        short_side: Length of the shorter side, or several to draw from.
        max_long_side: With ``short_side``: resize less if the longer side would get longer.
    """

    def __init__(self, size: Optional[Tuple[int, int]] = None,
                 short_side: Union[int, Sequence[int], None] = None,
                 max_long_side: Optional[int] = None) -> None:
        if (size is None) == (short_side is None):
            raise UserError('ClipResize needs either size or short_side, got '
                            f'size={size}, short_side={short_side}')
        self.size = size
        self.short_sides = [short_side] if isinstance(short_side, int) else short_side
        self.max_long_side = max_long_side

    def transform(self, results: Dict) -> Dict:
        if self.size is not None:
            return _resize_clip(results, self.size)
        short_side = int(np.random.choice(self.short_sides))
        shape = resized_shape(*clip_shape(results), short_side, self.max_long_side)
        return _resize_clip(results, shape)


@TRANSFORMS.register_module()
class ClipScaleJitter(BaseTransform):
    """Resizes a clip by a random scale with the aspect ratio kept; with ``ClipCrop`` of the same
    size after it, this is large-scale jitter (`arXiv 2012.07177
    <https://arxiv.org/abs/2012.07177>`_).

    At scale 1 the clip just fits into ``size``; the scale is drawn uniformly. Like
    :class:`ClipResize`, it is the quickest before the loading transforms.

    Required and changed keys: As :class:`ClipResize`.

    Args:
        size: Height and width.
        scales: Smallest and largest scale.
    """

    def __init__(self, size: Tuple[int, int], scales: Tuple[float, float] = (0.1, 2.)) -> None:
        if not 0 < scales[0] <= scales[1]:
            raise UserError(f'ClipScaleJitter needs 0 < scales[0] <= scales[1], got {scales}')
        self.size = size
        self.scales = scales

    def transform(self, results: Dict) -> Dict:
        shape = np.array(clip_shape(results))
        scale = np.random.uniform(*self.scales) * (np.array(self.size) / shape).min()
        return _resize_clip(results, np.maximum(np.rint(scale * shape), 1))


@TRANSFORMS.register_module()
class ClipCrop(BaseTransform):
    """Cuts one random window out of all frames.

    The window holds a random pixel of a random object, in the frame where it was drawn. A side
    that is shorter than the window is kept whole.

    Required and changed keys: frames, masks, img_shape.

    Args:
        size: Height and width of the window.
    """

    def __init__(self, size: Tuple[int, int]) -> None:
        self.size = size

    def transform(self, results: Dict) -> Dict:
        shape = results['img_shape']
        window = np.minimum(self.size, shape)
        low, high = np.zeros(2, int), shape - window  # of the window's top left corner
        anchor = self._random_object_pixel(results['masks'])
        if anchor is not None:
            low = np.maximum(low, anchor - window + 1)
            high = np.minimum(high, anchor)
        top, left = np.random.randint(low, high + 1)
        bottom, right = top + window[0], left + window[1]
        results['frames'] = results['frames'][:, top:bottom, left:right]
        results['masks'] = results['masks'][:, :, top:bottom, left:right]
        results['img_shape'] = (int(window[0]), int(window[1]))
        return results

    @staticmethod
    def _random_object_pixel(masks: np.ndarray) -> Optional[np.ndarray]:
        """(y, x), or None if no object is visible."""
        visible = np.argwhere(masks.any(axis=(2, 3)))  # (K, 2) as n, t
        if not len(visible):
            return None
        n, t = visible[np.random.randint(len(visible))]
        pixels = np.argwhere(masks[n, t])
        return pixels[np.random.randint(len(pixels))]


@TRANSFORMS.register_module()
class ClipFlip(BaseTransform):
    """Mirrors the whole clip left to right with a probability.

    Required and changed keys: frames; masks if present.
    """

    def __init__(self, prob: float = 0.5) -> None:
        self.prob = prob

    def transform(self, results: Dict) -> Dict:
        if np.random.rand() < self.prob:
            results['frames'] = results['frames'][:, :, ::-1]  # packing copies the pixels anyway
            if 'masks' in results and results['masks'].size:
                # All rows of all masks at once: NumPy reverses byte by byte, ten times as slow.
                rows = np.ascontiguousarray(results['masks']).view(np.uint8)
                flipped = cv2.flip(rows.reshape(-1, rows.shape[-1]), 1)
                results['masks'] = flipped.reshape(rows.shape).view(bool)
        return results
