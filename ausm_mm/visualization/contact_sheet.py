"""A page of frames: one row per panel, one column per moment."""
from typing import List, Mapping, Sequence

import numpy as np

from .text import text_bar

GAP = 4
BAR = 24
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def evenly_spaced(n_frames: int, n_columns: int) -> List[int]:
    """At most ``n_columns`` frames of a video, evenly spaced, the first and the last included."""
    return np.linspace(0, n_frames - 1, min(n_columns, n_frames)).round().astype(int).tolist()


def contact_sheet(rows: Mapping[str, Sequence[np.ndarray]], frames: Sequence[int]) -> np.ndarray:
    """Lays out pictures as the figures of papers do.

    Args:
        rows: Row title -> one uint8 BGR image (H, W, 3) per column, all of one size.
        frames: The frame number of each column.

    Returns:
        A uint8 BGR image on white, with row titles on the left and frame numbers on top.
    """
    height, width = next(iter(rows.values()))[0].shape[:2]
    header = [text_bar(f'frame {frame}', width, BAR, BLACK, WHITE) for frame in frames]
    lines = [_line(np.full((BAR, BAR, 3), WHITE, np.uint8), header)]
    for title, images in rows.items():
        side = np.rot90(text_bar(title, height, BAR, BLACK, WHITE))
        lines.append(_line(side, images))
    sheet = np.concatenate(
        [np.pad(line, ((0, GAP), (0, 0), (0, 0)), constant_values=255) for line in lines])
    return np.pad(sheet, ((GAP, 0), (GAP, GAP), (0, 0)), constant_values=255)


def _line(side: np.ndarray, images: Sequence[np.ndarray]) -> np.ndarray:
    padded = [np.pad(i, ((0, 0), (GAP, 0), (0, 0)), constant_values=255) for i in images]
    return np.concatenate([side, *padded], axis=1)
