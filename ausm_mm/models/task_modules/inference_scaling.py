"""Inference-time scaling: in which order, and how often, the frames of a test video are shown."""
from itertools import chain
from typing import Iterator, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ausm_mm.errors import UserError
from ausm_mm.registry import TASK_UTILS


class Corner(NamedTuple):
    """A crop that lies in a corner of the frame.

    ratio: Its height and width, as a share of the frame's.
    bottom: In a lower corner, else in an upper one.
    right: In a right corner, else in a left one.
    """
    ratio: float
    bottom: bool
    right: bool


class View(NamedTuple):
    """One showing of a frame.

    frame: Position in the video.
    read: Whether its prediction is the frame's result.
    corner: The crop that is shown instead of the whole frame, never to be read.
    """
    frame: int
    read: bool = False
    corner: Optional[Corner] = None

    def show(self, frame: Tensor, image_size: Tuple[int, int]) -> Tensor:
        """What the model sees.

        Args:
            frame: (1, 3, H, W), padded.
            image_size: Height and width without padding.

        Returns:
            (1, 3, H, W): a crop fills the image; the padding stays.
        """
        if self.corner is None:
            return frame
        height, width = image_size
        h, w = (max(1, round(self.corner.ratio * side)) for side in image_size)
        top, left = (height - h) * self.corner.bottom, (width - w) * self.corner.right
        shown = torch.zeros_like(frame)
        shown[..., :height, :width] = F.interpolate(
            frame[..., top:top + h, left:left + w], image_size, mode='bilinear',
            align_corners=False)
        return shown


@TASK_UTILS.register_module()
class VideoPasses:
    """Passes over the video in alternating direction (method, section 7).

    The frame in which the direction turns is shown once and belongs to both passes: three passes
    are ``(I_1..I_T, I_{T-1}..I_1, I_2..I_T)``. The T frames of the last pass are read.

    Args:
        passes: How many; 1 shows every frame once, as in Algorithm 1.
    """

    def __init__(self, passes: int = 1) -> None:
        self.passes = _at_least_one('VideoPasses', 'passes', passes)

    def __call__(self, num_frames: int) -> Iterator[View]:
        """The views of a video; like every strategy's, they begin with the whole first frame, and
        read each frame once."""
        # The frame in which a later pass turns was shown at the end of the one before.
        backward, forward = range(num_frames - 1)[::-1], range(1, num_frames)
        later = [backward if number % 2 else forward for number in range(1, self.passes)]
        skipped = sum(map(len, later))  # all but the last T
        for i, t in enumerate(chain(range(num_frames), *later)):
            yield View(t, read=i >= skipped)


@TASK_UTILS.register_module()
class ImageRepetition:
    """An image is shown several times and its last prediction is read; of a video each frame,
    before the next one comes.

    Args:
        times: How often.
    """

    def __init__(self, times: int) -> None:
        self.times = _at_least_one('ImageRepetition', 'times', times)

    def __call__(self, num_frames: int) -> Iterator[View]:
        """The views of a video."""
        for t in range(num_frames):
            for number in range(1, self.times + 1):
                yield View(t, read=number == self.times)


@TASK_UTILS.register_module()
class CornerTraversal:
    """An image is shown whole, then crops at its corners clockwise from the upper left one, then
    whole again, which is read: ``(I, I_UL, I_UR, I_BR, I_BL, I)``; of a video each frame.

    Args:
        ratio: Height and width of the crops, as a share of the image's.
    """

    def __init__(self, ratio: float = 0.9) -> None:
        if not 0 < ratio <= 1:
            raise UserError(f'CornerTraversal: ratio={ratio} must be above 0 and at most 1')
        self.corners = [Corner(ratio, bottom, right) for bottom, right in (
            (False, False), (False, True), (True, True), (True, False))]

    def __call__(self, num_frames: int) -> Iterator[View]:
        """The views of a video."""
        for t in range(num_frames):
            yield View(t)
            for corner in self.corners:
                yield View(t, corner=corner)
            yield View(t, read=True)


def _at_least_one(owner: str, name: str, value: int) -> int:
    if not isinstance(value, int) or value < 1:
        raise UserError(f'{owner}: {name}={value!r} must be a whole number from 1 on')
    return value
