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


def rle_problems(rles: Sequence[Optional[Dict]], sizes: Sequence[Sequence[int]]) -> List[str]:
    """What is wrong with RLEs that others wrote, with the cure.

    pycocotools takes one that does not cover its frame, and reads memory that is not the mask's.

    Args:
        rles: N compressed or uncompressed RLEs, or ``None`` for absent objects.
        sizes: Height and width of the frame of each.

    Returns:
        N texts, empty where nothing is wrong.
    """
    is_rle = [isinstance(rle, dict) and {'size', 'counts'} <= set(rle)
              and isinstance(rle['counts'], (str, bytes, list)) for rle in rles]
    n_pixels = iter(covered_pixels([rle['counts'] for rle, ok in zip(rles, is_rle) if ok]))
    problems = []
    for rle, ok, size in zip(rles, is_rle, sizes):
        covered, problem = next(n_pixels) if ok else 0, ''
        if rle is not None and not ok:
            problem = 'a mask must be an RLE with size and counts: encode it with pycocotools'
        elif ok and list(rle['size']) != list(size):
            problem = (f'a mask of {rle["size"]}, but the frame is {list(size)} (height, width): '
                       'resize masks to the size of the frame before encoding them')
        elif ok and covered != size[0] * size[1]:
            problem = (f'an RLE covers {covered} pixels, but the frame has {size[0] * size[1]}: '
                       'encode the mask again')
        problems.append(problem)
    return problems


def covered_pixels(counts: Sequence[Union[str, bytes, List[int]]]) -> List[int]:
    """Sum of the run lengths of each RLE; -1 where the text is empty or cut off within a run.

    Compressed, a run is a little-endian number in groups of five bits (one character each, 0x20:
    more follow), sign-extended; from the fourth run on it is the difference to the run before the
    last. All texts are read in one pass: one by one would take longer than scoring them.
    """
    sums = [sum(runs) if isinstance(runs, list) else -1 for runs in counts]
    texts = {index: runs.encode() if isinstance(runs, str) else runs
             for index, runs in enumerate(counts) if not isinstance(runs, list)}
    texts = {index: text for index, text in texts.items() if text and text[-1] - 48 < 32}
    if not texts:
        return sums
    digits = np.frombuffer(b''.join(texts.values()), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero(digits < 32)  # last character of every run
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    places = np.arange(len(digits)) - np.repeat(starts, lengths)
    runs = np.add.reduceat((digits & 31) << 5 * places, starts)
    runs -= np.where(digits[ends] & 16, 1 << 5 * lengths, 0)
    # A difference adds to its own run and to every second one after it.
    first = np.searchsorted(starts, np.cumsum([0, *map(len, texts.values())]))
    sizes = np.diff(first)
    position = np.arange(len(runs)) - np.repeat(first[:-1], sizes)
    weights = np.where(position, (np.repeat(sizes, sizes) - 1 - position) // 2 + 1, 1)
    for index, total in zip(texts, np.add.reduceat(runs * weights, first[:-1])):
        sums[index] = int(total)
    return sums


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
