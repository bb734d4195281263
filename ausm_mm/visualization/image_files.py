"""Frames of a video that are read when they are needed."""
from collections.abc import Sequence as AbstractSequence
from typing import Sequence

import numpy as np

from ausm_mm.datasets.images import read_frame


class ImageFiles(AbstractSequence):
    """Image files as a sequence of uint8 BGR arrays (H, W, 3), decoded on access.

    Args:
        paths: The files, one per frame.

    Raises:
        DataError: On access to a file that is missing or no image.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return read_frame(self.paths[index])
