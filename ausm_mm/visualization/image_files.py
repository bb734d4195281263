"""Frames of a video that are read when they are needed."""
from collections.abc import Sequence as AbstractSequence
from typing import Sequence

import numpy as np

from ausm_mm.datasets.frame_reader import FrameReader


class ImageFiles(AbstractSequence):
    """Image files or frames of a video file as a sequence of uint8 BGR arrays (H, W, 3), decoded on
    access.

    Args:
        paths: One per frame.

    Raises:
        DataError: On access to a file that is missing or no image.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths
        self._read = FrameReader()

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._read(self.paths[index])
