"""Run-length encoded masks, as pycocotools stores them (``{'size': [H, W], 'counts': ...}``)."""
from typing import Dict, List, Optional, Sequence, Union

import numpy as np
from pycocotools import mask as mask_utils


def to_rle(segmentation: Union[Dict, List, None], height: int, width: int) -> Optional[Dict]:
    """Brings any COCO segmentation into compressed RLE form.

    Args:
        segmentation: A compressed or uncompressed RLE, a list of polygons, or ``None`` / ``[]`` for
            an absent object.
        height, width: Size of the frame, in pixels; polygons are rasterised at it.

    Returns:
        A compressed RLE, or ``None`` for an absent object.
    """
    if not segmentation:
        return None
    if isinstance(segmentation, list):
        return mask_utils.merge(mask_utils.frPyObjects(segmentation, height, width))
    if isinstance(segmentation['counts'], list):
        return mask_utils.frPyObjects(segmentation, height, width)
    return segmentation


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


def intersections(first: Sequence[Dict], second: Sequence[Dict]) -> np.ndarray:
    """Pixels shared by every pair of masks of one frame, without decoding them.

    Args:
        first, second: N and M compressed RLEs of the same size.

    Returns:
        int64 array (N, M).
    """
    if not first or not second:
        return np.zeros((len(first), len(second)), dtype=np.int64)
    # With its crowd flag pycocotools divides the intersection by the area of the first mask alone.
    shares = mask_utils.iou(list(first), list(second), [1] * len(second))
    areas = mask_utils.area(list(first)).astype(np.int64)
    return np.rint(shares * areas[:, None]).astype(np.int64)


def pairwise_iou(first: Sequence[Dict], second: Sequence[Dict]) -> np.ndarray:
    """IoU of every pair of masks of one frame: N and M compressed RLEs -> float array (N, M)."""
    if not first or not second:
        return np.zeros((len(first), len(second)))
    return mask_utils.iou(list(first), list(second), [0] * len(second))
