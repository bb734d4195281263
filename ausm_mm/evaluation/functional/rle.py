"""Run-length encoded masks, as pycocotools stores them (``{'size': [H, W], 'counts': ...}``)."""
from typing import Dict, List, Optional, Sequence, Union

import numpy as np
from pycocotools import mask as mask_utils

from ausm_mm.errors import UserError


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


def check_rle(rle: Dict, height: int, width: int) -> None:
    """Raises a UserError if a result's RLE has not the size of its frame or does not cover it.

    pycocotools takes both, and reads memory that is not the mask's.
    """
    if not isinstance(rle, dict) or not {'size', 'counts'} <= set(rle):
        raise UserError('a mask must be an RLE with size and counts: encode it with pycocotools')
    if list(rle['size']) != [height, width]:
        raise UserError(
            f'a mask of {list(rle["size"])}, but the frame is {[height, width]} (height, width): '
            'resize masks to the size of the frame before encoding them')
    n_pixels = covered_pixels(rle['counts'])
    if n_pixels != height * width:
        raise UserError(f'an RLE covers {n_pixels} pixels, but the frame has {height * width}: '
                        'encode the mask again')


def covered_pixels(counts: Union[str, bytes, List[int]]) -> int:
    """Sum of the run lengths of an RLE; -1 if its text is cut off or no RLE.

    Compressed, a run is a little-endian number in groups of five bits (one character each, 0x20:
    more follow), sign-extended; from the fourth run on it is the difference to the run before the
    last.
    """
    if isinstance(counts, list):
        return sum(counts) if all(run >= 0 for run in counts) else -1
    text = counts.encode() if isinstance(counts, str) else counts
    digits = np.frombuffer(text, np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero(digits < 32)
    if not len(digits) or ends.size == 0 or ends[-1] != len(digits) - 1 or digits.min() < 0:
        return -1
    lengths = np.diff(ends, prepend=-1)
    shifts = 5 * (np.arange(len(digits)) - np.repeat(ends - lengths + 1, lengths))
    values = np.add.reduceat((digits & 31) << shifts, ends - lengths + 1)
    values -= ((digits[ends] & 16) > 0) * (1 << 5 * lengths)
    odd, even = np.cumsum(values[1::2]), np.cumsum(values[2::2])
    if values[0] < 0 or (odd < 0).any() or (even < 0).any():
        return -1
    return int(values[0] + odd.sum() + even.sum())


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
