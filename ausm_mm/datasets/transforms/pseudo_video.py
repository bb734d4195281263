"""A clip out of one image."""
from typing import Dict, Optional, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...errors import UserError
from ...registry import TRANSFORMS
from ..masks import map_masks

# Around the image: the mean colour of ImageNet in BGR, which the model's normalisation makes 0.
_FILL = (104, 116, 124)


@TRANSFORMS.register_module()
class PseudoVideo(BaseTransform):
    """Makes a clip of an image: every frame is the image resized, rotated, flipped and cropped at
    random, independently of the other frames.

    All of it is one affine map, so that pixels are interpolated once. The window of a frame holds
    a random pixel of a random object; objects outside of it have an empty mask in that frame.

    Required and changed keys: frames (uint8, (1, H, W, 3) -> (T, h, w, 3)), masks (bool,
    (N, 1, H, W) -> (N, T, h, w)), frame_ids, img_shape.

    Args:
        length: T.
        size: Height and width of the frames.
        scales: Smallest and largest scale; at 1 the image just fits into ``size``.
        max_angle: Largest rotation in degrees, to either side.
        flip_prob: Probability of mirroring a frame left to right.

    Raises:
        UserError: If an option makes no sense, or the item is a clip already.
    """

    def __init__(self, length: int, size: Tuple[int, int], scales: Tuple[float, float] = (0.8, 1.6),
                 max_angle: float = 15., flip_prob: float = 0.5) -> None:
        if length < 1 or not 0 < scales[0] <= scales[1]:
            raise UserError('PseudoVideo needs length >= 1 and 0 < scales[0] <= scales[1], got '
                            f'length={length}, scales={scales}')
        self.length = length
        self.size = size
        self.scales = scales
        self.max_angle = max_angle
        self.flip_prob = flip_prob

    def transform(self, results: Dict) -> Dict:
        if len(results['frames']) != 1:
            raise UserError(f"PseudoVideo takes one frame, {results['video_name']} came with "
                            f"{len(results['frames'])}; use SampleClip(length=1) before it")
        image, masks = results['frames'][0], results['masks']
        height, width = self.size
        frames, clip_masks = [], []
        for _ in range(self.length):
            matrix = self._random_matrix(image.shape[:2], random_pixel(masks[:, 0]))
            frames.append(cv2.warpAffine(image, matrix, (width, height), borderValue=_FILL))
            clip_masks.append(map_masks(masks, lambda plane, matrix=matrix: cv2.warpAffine(
                plane, matrix, (width, height), flags=cv2.INTER_NEAREST)))
        results['frames'] = np.stack(frames)
        results['masks'] = np.concatenate(clip_masks, axis=1)
        results['frame_ids'] = results['frame_ids'] * self.length
        results['img_shape'] = (height, width)
        return results

    def _random_matrix(self, shape: Tuple[int, int], anchor: Optional[np.ndarray]) -> np.ndarray:
        """(2, 3) from pixels (x, y) of the image to pixels of a frame that holds the anchor."""
        window = np.array(self.size[::-1], float)  # width, height, as all below
        image = np.array(shape[::-1], float)
        scale = np.random.uniform(*self.scales) * (window / image).min()
        angle = np.deg2rad(np.random.uniform(-self.max_angle, self.max_angle))
        linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        if np.random.rand() < self.flip_prob:
            linear[:, 0] *= -1
        corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * image @ linear.T
        low, high = corners.min(axis=0), corners.max(axis=0)
        # Of the window's top left corner. The smaller of image and window lies within the other,
        ends = np.sort([low, high - window], axis=0)
        if anchor is not None:  # and the anchor within the window, half a pixel from its edge
            point = linear @ (anchor[::-1] + 0.5)
            ends = np.clip(ends, point - window + 0.5, point - 0.5)
        corner = np.random.uniform(ends[0], ends[1])
        # Pixel i covers [i, i + 1], OpenCV counts from the middle of the first.
        shift = linear @ (0.5, 0.5) - corner - 0.5
        return np.column_stack([linear, shift])


def random_pixel(masks: np.ndarray) -> Optional[np.ndarray]:
    """A random pixel (y, x) of a random object of masks bool (N, H, W), or None if all are
    empty."""
    visible = np.flatnonzero(masks.any(axis=(1, 2)))
    if not len(visible):
        return None
    pixels = np.argwhere(masks[np.random.choice(visible)])
    return pixels[np.random.randint(len(pixels))]
