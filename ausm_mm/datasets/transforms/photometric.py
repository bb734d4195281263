"""Colour augmentations, the same for all frames of a clip."""
from typing import Dict

import numpy as np
from mmcv.transforms import BaseTransform

from ...registry import TRANSFORMS

# Luma of BGR, ITU-R BT.601, as in cv2.COLOR_BGR2GRAY.
_LUMA = np.array([0.114, 0.587, 0.299], np.float32)


@TRANSFORMS.register_module()
class ClipColorJitter(BaseTransform):
    """Changes brightness, then contrast, then saturation, by one random factor each.

    A strength s draws its factor uniformly from [1 - s, 1 + s]; 0 leaves that property alone.

    Required and changed keys: frames.
    """

    def __init__(self, brightness: float = 0.2, contrast: float = 0.2,
                 saturation: float = 0.2) -> None:
        self.strengths = (brightness, contrast, saturation)

    def transform(self, results: Dict) -> Dict:
        brightness, contrast, saturation = (
            np.float32(np.random.uniform(1 - s, 1 + s)) for s in self.strengths)
        frames = results['frames'].astype(np.float32) * brightness  # (T, H, W, 3)
        mean = (frames @ _LUMA).mean()
        frames = mean + contrast * (frames - mean)
        grey = (frames @ _LUMA)[..., None]
        frames = grey + saturation * (frames - grey)
        results['frames'] = np.clip(np.rint(frames), 0, 255).astype(np.uint8)
        return results
