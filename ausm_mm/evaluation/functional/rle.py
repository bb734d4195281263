"""Run-length encoded masks, as pycocotools stores them (``{'size': [H, W], 'counts': ...}``)."""
from typing import Dict, Optional, Sequence

import numpy as np
from pycocotools import mask as mask_utils


def encode(mask: np.ndarray) -> Dict:
    """Encodes a mask (H, W) of bool or 0/1 as a compressed RLE."""
    return mask_utils.encode(np.asfortranarray(mask, dtype=np.uint8))


def decode(rle: Optional[Dict], height: int, width: int) -> np.ndarray:
    """Decodes a compressed RLE to a bool mask (H, W); an absent object gives an empty mask."""
    if rle is None:
        return np.zeros((height, width), dtype=bool)
    return mask_utils.decode(rle).view(bool)


def area(rle: Optional[Dict]) -> int:
    """Number of pixels of a compressed RLE; 0 for an absent object."""
    return 0 if rle is None else int(mask_utils.area(rle))


def areas(rles: Sequence[Optional[Dict]]) -> np.ndarray:
    """Number of pixels of each of N compressed RLEs, int64 (N,); 0 for an absent object."""
    present = [index for index, rle in enumerate(rles) if rle is not None]
    n_pixels = np.zeros(len(rles), np.int64)
    if present:
        n_pixels[present] = mask_utils.area([rles[index] for index in present])
    return n_pixels


def shared_pixels(first: Sequence[Optional[Dict]], second: Sequence[Optional[Dict]]) -> int:
    """Pixels that two tracks share: N compressed RLEs each, ``None`` where one is absent."""
    shared = [mask_utils.merge([a, b], intersect=True)
              for a, b in zip(first, second) if a is not None and b is not None]
    return int(areas(shared).sum())


def intersections(first: Sequence[Dict], second: Sequence[Dict],
                  first_areas: np.ndarray) -> np.ndarray:
    """Pixels shared by every pair of masks of one frame, without decoding them.

    Args:
        first, second: N and M compressed RLEs of the same size, none of them empty.
        first_areas: int64 (N,): the pixels of each of ``first``.

    Returns:
        int64 array (N, M).
    """
    # With its crowd flag pycocotools divides the intersection by the area of the first mask alone.
    shares = mask_utils.iou(first, second, [1] * len(second))
    return np.rint(shares * first_areas[:, None]).astype(np.int64)


def pairwise_iou(first: Sequence[Dict], second: Sequence[Dict]) -> np.ndarray:
    """IoU of every pair of masks of one frame: N and M compressed RLEs -> float array (N, M)."""
    if not first or not second:
        return np.zeros((len(first), len(second)))
    return mask_utils.iou(list(first), list(second), [0] * len(second))
