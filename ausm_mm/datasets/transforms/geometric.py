"""Spatial augmentations, the same for all frames of a clip."""
from typing import Dict, Optional, Sequence, Tuple, Union

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...errors import UserError
from ...registry import TRANSFORMS
from ..images import resize_frame, resized_shape


def _resize_masks(masks: np.ndarray, height: int, width: int) -> np.ndarray:
    """Nearest-neighbour resize; (N, T, H, W) -> (N, T, height, width)."""
    resized = np.empty((*masks.shape[:2], height, width), bool)
    for n, t in np.ndindex(masks.shape[:2]):
        if masks[n, t].any():
            # _EXACT samples at pixel centres, as the bilinear resize of the frames does.
            resized[n, t] = cv2.resize(masks[n, t].view(np.uint8), (width, height),
                                       interpolation=cv2.INTER_NEAREST_EXACT)
        else:
            resized[n, t] = False
    return resized


@TRANSFORMS.register_module()
class ClipResize(BaseTransform):
    """Resizes a clip to a fixed size, or by its shorter side with the aspect ratio kept.

    Required and changed keys: frames, img_shape; masks if present.

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
        shape = self.size
        if shape is None:
            short_side = int(np.random.choice(self.short_sides))
            shape = resized_shape(*results['img_shape'], short_side, self.max_long_side)
        if tuple(shape) != tuple(results['img_shape']):
            results['frames'] = np.stack([resize_frame(f, *shape) for f in results['frames']])
            if 'masks' in results:
                results['masks'] = _resize_masks(results['masks'], *shape)
            results['img_shape'] = tuple(shape)
        return results


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
            results['frames'] = results['frames'][:, :, ::-1]
            if 'masks' in results:
                results['masks'] = results['masks'][..., ::-1]
        return results
