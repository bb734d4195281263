"""Clips of frames -> normalised, padded batches."""
from typing import List, Optional, Sequence, Tuple, Union

import torch
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from ausm_mm.registry import MODELS


class NormalizedFrames:
    """A video whose frames are normalised and padded when they are asked for.

    ``len(frames)`` is the number of frames; ``frames[t]`` is a float tensor (1, 3, H, W). The last
    one is kept, so that a frame shown several times in a row is decoded once.
    """

    def __init__(self, frames: Sequence[Tensor], preprocessor: 'ClipDataPreprocessor') -> None:
        self.frames = frames
        self.preprocessor = preprocessor
        self._last: Tuple[Optional[int], Optional[Tensor]] = None, None

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, t: int) -> Tensor:
        if t != self._last[0]:
            frame = self.frames[t][None].to(self.preprocessor.device)
            self._last = t, self.preprocessor.pad(self.preprocessor.normalize(frame))
        return self._last[1]


@MODELS.register_module()
class ClipDataPreprocessor(BaseDataPreprocessor):
    """Training clips become one batch; test videos stay lazy.

    Args:
        mean: Of the three channels, in the order after ``bgr_to_rgb``, range 0-255.
        std: Likewise.
        bgr_to_rgb: Reverse the channels first.
        pad_divisor: Height and width are padded (right and below, with zeros after
            normalisation) to a multiple of it.
    """

    def __init__(self, mean: Sequence[float] = (123.675, 116.28, 103.53),
                 std: Sequence[float] = (58.395, 57.12, 57.375), bgr_to_rgb: bool = True,
                 pad_divisor: int = 32, non_blocking: bool = False) -> None:
        super().__init__(non_blocking)
        self.register_buffer('mean', torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(std).view(3, 1, 1), persistent=False)
        self.bgr_to_rgb = bgr_to_rgb
        self.pad_divisor = pad_divisor

    def forward(self, data: dict, training: bool = False) -> dict:
        """Preprocess what the data loader collected.

        Args:
            data: ``inputs``: list of uint8 clips (T, 3, h, w), all of the same T, or list of
                frame sequences; ``data_samples``: list of ``ClipDataSample``.
            training: Unused: what to do follows from the type of the inputs.

        Returns:
            ``inputs``: float (B, T, 3, H, W), or list of :class:`NormalizedFrames`;
            ``data_samples`` with ``gt_instances.masks`` padded like the pixels.
        """
        inputs, samples = data['inputs'], data['data_samples']
        if not isinstance(inputs[0], Tensor):
            return dict(inputs=[NormalizedFrames(video, self) for video in inputs],
                        data_samples=self.cast_data(samples))
        samples = self.cast_data(samples)
        canvas = self._canvas([clip.shape[-2:] for clip in inputs])
        clips = [self.pad(self.normalize(clip), canvas) for clip in self.cast_data(inputs)]
        for sample in samples:
            masks = sample.gt_instances.masks
            sample.gt_instances.masks = self.pad(masks, canvas)
        return dict(inputs=torch.stack(clips), data_samples=samples)

    def normalize(self, frames: Tensor) -> Tensor:
        """Uint8 (T, 3, h, w) -> float."""
        if self.bgr_to_rgb:
            frames = frames.flip(1)
        return (frames.float() - self.mean) / self.std

    def pad(self, x: Tensor, canvas: Union[Tuple[int, int], None] = None) -> Tensor:
        """Zeros to the right and below, up to the canvas or to the next multiple."""
        height, width = canvas or self._canvas([x.shape[-2:]])
        return F.pad(x, (0, width - x.shape[-1], 0, height - x.shape[-2]))

    def _canvas(self, sizes: List[Tuple[int, int]]) -> Tuple[int, int]:
        d = self.pad_divisor
        return tuple(-(-max(axis) // d) * d for axis in zip(*sizes))
