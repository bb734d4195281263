"""Colour augmentations."""
from typing import Dict

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS

# Luma of BGR, ITU-R BT.601, as in cv2.COLOR_BGR2GRAY.
_LUMA = np.array([0.114, 0.587, 0.299])


@TRANSFORMS.register_module()
class ClipColorJitter(BaseTransform):
    """Changes brightness, then contrast, then saturation, by one random factor each.

    A strength s draws its factor uniformly from [1 - s, 1 + s]; 0 leaves that property alone.

    Required and changed keys: frames.

    Args:
        brightness, contrast, saturation: Strengths.
        per_frame: Draw for every frame anew, as pseudo-videos need it, instead of for the clip.
    """

    def __init__(self, brightness: float = 0.2, contrast: float = 0.2, saturation: float = 0.2,
                 per_frame: bool = False) -> None:
        self.strengths = (brightness, contrast, saturation)
        self.per_frame = per_frame

    def transform(self, results: Dict) -> Dict:
        frames = results['frames']  # (T, H, W, 3)
        parts = np.split(frames, len(frames)) if self.per_frame else [frames]
        results['frames'] = np.concatenate([self._jitter(part) for part in parts])
        return results

    def _jitter(self, frames: np.ndarray) -> np.ndarray:
        brightness, contrast, saturation = (
            np.random.uniform(1 - s, 1 + s) for s in self.strengths)
        # The three together are one affine map of a pixel's colour, rounded and clipped once.
        saturate = saturation * np.eye(3) + (1 - saturation) * np.tile(_LUMA, (3, 1))
        mean = brightness * np.mean([cv2.mean(frame)[:3] for frame in frames], axis=0) @ _LUMA
        offset = np.full((3, 1), (1 - contrast) * mean)
        matrix = np.hstack([contrast * brightness * saturate, offset])
        return np.stack([cv2.transform(frame, matrix) for frame in frames])
