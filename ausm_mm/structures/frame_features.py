"""Feature maps of a batch of frames."""
from dataclasses import dataclass
from typing import Tuple

import torch
from torch import Tensor


@dataclass
class FrameFeatures:
    """What the pixel encoder gives for N frames, before (X) or after (G) history was added.

    Args:
        levels: Key levels of the query decoder, coarse to fine, each (N, D, h, w); the last one
            is X_t of the method (stride 8 in the full models).
        mask_feature: (N, D, H', W'): mask embedding of finer cells (stride 4 in the full models).
        appearance: (N, D, h, w), X_t of the frame alone: equals the last level in X, and stays as
            it is when history is added to the levels.
        image_sizes: Long (N, 2), height and width in pixels without the padding.
        canvas: Height and width in pixels with the padding.
    """
    levels: Tuple[Tensor, ...]
    mask_feature: Tensor
    appearance: Tensor
    image_sizes: Tensor
    canvas: Tuple[int, int]

    @property
    def x(self) -> Tensor:
        """(N, D, h, w): the finest level, where history lives."""
        return self.levels[-1]

    def valid(self, size: Tuple[int, int]) -> Tensor:
        """Cells of a (h, w) grid over the canvas that hold a piece of the image: bool (N, h, w)."""
        return valid_cells(self.image_sizes, self.canvas, size)


def valid_cells(image_sizes: Tensor, canvas: Tuple[int, int], size: Tuple[int, int]) -> Tensor:
    """Cells of a grid over a padded canvas that the image touches.

    Args:
        image_sizes: Long (N, 2), height and width in pixels.
        canvas: Height and width of the padded frames.
        size: Height and width of the grid.

    Returns:
        Bool (N, h, w).
    """
    inside = []
    for axis in range(2):
        cell_start = torch.arange(size[axis], device=image_sizes.device) * canvas[axis]
        inside.append(cell_start[None] < image_sizes[:, axis, None] * size[axis])
    return inside[0][:, :, None] & inside[1][:, None, :]
