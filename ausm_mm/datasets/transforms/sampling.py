"""Choosing the frames of a clip."""
from typing import Dict, Tuple

import numpy as np
from mmcv.transforms import BaseTransform

from ...errors import UserError
from ...registry import TRANSFORMS


@TRANSFORMS.register_module()
class SampleClip(BaseTransform):
    """Picks T frames at an even stride among a video's annotated frames.

    All clips in which an object is visible are equally likely. A stride at which none fits into
    the video is lowered as far as needed; a video of fewer than T frames is played forth and back
    (0, 1, 2, 1, 0, 1, ... for three frames).

    Required keys: img_paths, annotated_frames, objects. Added keys: frame_ids.

    Args:
        length: T, at least 1.
        strides: Smallest and largest stride; drawn uniformly.
        reverse_prob: Probability of playing the clip backwards.
    """

    def __init__(self, length: int, strides: Tuple[int, int] = (1, 1),
                 reverse_prob: float = 0.) -> None:
        if length < 1 or not 1 <= strides[0] <= strides[1]:
            raise UserError(f'SampleClip needs length >= 1 and 1 <= strides[0] <= strides[1], got '
                            f'length={length}, strides={strides}')
        self.length = length
        self.strides = strides
        self.reverse_prob = reverse_prob

    def transform(self, results: Dict) -> Dict:
        pool = np.asarray(results['annotated_frames'])
        if len(pool) < self.length:
            picks = self._ping_pong(len(pool))
        else:
            picks = self._place(self._visible(results, pool))
        if np.random.rand() < self.reverse_prob:
            picks = picks[::-1]
        results['frame_ids'] = pool[picks].tolist()
        return results

    @staticmethod
    def _visible(results: Dict, pool: np.ndarray) -> np.ndarray:
        """Whether any object is annotated in each frame of the pool; bool (len(pool),)."""
        return np.array([any(obj['segmentations'][t] is not None for obj in results['objects'])
                         for t in pool])

    def _ping_pong(self, num_frames: int) -> np.ndarray:
        period = max(2 * (num_frames - 1), 1)
        phase = np.arange(self.length) % period
        return np.minimum(phase, period - phase) if num_frames > 1 else phase

    def _place(self, visible: np.ndarray) -> np.ndarray:
        """Positions of an evenly spaced clip that holds a visible frame; (T,)."""
        num_frames = len(visible)
        if not visible.any():  # then any clip will do
            visible = np.ones(num_frames, bool)
        stride = np.random.randint(self.strides[0], self.strides[1] + 1)
        if self.length > 1:
            stride = min(stride, (num_frames - 1) // (self.length - 1))
        while True:  # ends at the latest with stride 1, whose clips hold every frame
            starts = np.arange(num_frames - (self.length - 1) * stride)
            clips = starts[:, None] + stride * np.arange(self.length)  # (starts, T)
            clips = clips[visible[clips].any(axis=1)]
            if len(clips):
                return clips[np.random.randint(len(clips))]
            stride -= 1
