"""Run-length encoded masks that others wrote."""
from typing import Dict, List, Optional, Sequence, Union

import numpy as np
from pycocotools import mask as mask_utils

_LONGEST = 6  # characters of a run length: 29 bits, more than any frame has pixels
_AT_ONCE = 300  # RLEs; ten at a time would take five times as long, all at once much memory


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


def segmentation_problems(segmentations: Sequence[Union[Dict, List, None]],
                          sizes: Sequence[Sequence[int]]) -> List[str]:
    """What is wrong with masks that others wrote, with the cure.

    pycocotools takes RLEs as they come: where one does not cover its frame it reads and writes
    memory that is not the mask's or never ends, and where two have an empty run in the same place
    it counts no further. One without a problem is what pycocotools itself would write.

    Args:
        segmentations: N of what :func:`to_rle` takes.
        sizes: Height and width of the frame of each.

    Returns:
        N texts, empty where nothing is wrong.
    """
    problems, counted = [''] * len(segmentations), []
    for index, (segmentation, size) in enumerate(zip(segmentations, sizes, strict=True)):
        if segmentation is None:
            continue
        if isinstance(segmentation, list):
            problems[index] = _polygon_problem(segmentation)
            continue
        problems[index] = _form_problem(segmentation, size)
        if not problems[index]:
            counted.append(index)
    covered = covered_pixels([segmentations[index]['counts'] for index in counted])
    for index, n_pixels in zip(counted, covered):
        height, width = sizes[index]
        if n_pixels < 0:
            problems[index] = 'an RLE is cut off or malformed: encode the mask again'
        elif n_pixels != height * width:
            problems[index] = (f'an RLE covers {n_pixels} pixels, but the frame has '
                               f'{height * width}: encode the mask again')
    return problems


def _polygon_problem(polygons: List) -> str:
    # COCO has some of two points; pycocotools takes them, but not in the first place.
    if all(isinstance(polygon, list) and len(polygon) >= 4 and len(polygons[0]) > 4
           and all(isinstance(number, (int, float)) and abs(number) < 2**16 for number in polygon)
           for polygon in polygons):
        return ''
    return 'polygons must be flat lists x1, y1, x2, y2, x3, y3, ...: write them again'


def _form_problem(rle: Dict, size: Sequence[int]) -> str:
    """What is wrong with an RLE, its run lengths aside."""
    if not (isinstance(rle, dict) and isinstance(rle.get('size'), (list, tuple))
            and isinstance(rle.get('counts'), (str, bytes, list))):
        return 'a mask must be an RLE with size and counts: encode it with pycocotools'
    if tuple(rle['size']) != tuple(size):
        return (f'a mask of {rle["size"]}, but the frame is {list(size)} (height, width): '
                'resize masks to the size of the frame before encoding them')
    return ''


def covered_pixels(counts: Sequence[Union[str, bytes, List[int]]]) -> List[int]:
    """Sum of the run lengths of each RLE, compressed or not.

    Returns:
        One number an RLE; -1 where a run is no integer, negative, or 0 and not the first one, or
        where a text is empty, ends within a run or has a character that no RLE has.
    """
    sums, texts = [-1] * len(counts), {}
    for index, runs in enumerate(counts):
        if isinstance(runs, list):
            sums[index] = _sum_of_list(runs)
            continue
        text = runs.encode(errors='surrogatepass') if isinstance(runs, str) else runs
        if text and 48 <= text[-1] < 80:  # it ends with the end of a run
            texts[index] = text
    indices = list(texts)
    for start in range(0, len(indices), _AT_ONCE):
        part = indices[start:start + _AT_ONCE]
        for index, total in zip(part, _sums_of_texts([texts[i] for i in part]).tolist()):
            sums[index] = total
    return sums


def _sum_of_list(runs: List[int]) -> int:
    try:
        total = sum(runs)
        is_sound = bool(runs) and runs[0] >= 0 and min(runs[1:], default=1) > 0
    except TypeError:
        return -1
    return total if is_sound and isinstance(total, int) else -1


def _sums_of_texts(texts: List[bytes]) -> np.ndarray:
    """Int64 (n,). A run length is a number in groups of five bits, the lowest first, one character
    each: the sixth bit says that more follow, the fifth bit of the last one is the sign."""
    code = np.frombuffer(b''.join(texts), np.uint8) - 48
    ends_number = code < 32
    # 32 bits, as in pycocotools; these arrays are long, so that each further one would be felt.
    numbers = ((code[ends_number] ^ 16) - 16).view(np.int8).astype(np.int32)
    more = (~ends_number).nonzero()[0]  # few
    owners = more - np.arange(len(more))  # the number that each belongs to
    begins = np.diff(owners, prepend=-1).nonzero()[0]
    lengths = np.concatenate([begins[1:], [len(more)]]) - begins
    places = np.arange(len(more)) - begins.repeat(lengths)
    low_bits = np.add.reduceat((code[more] & 31).astype(np.int64) << 5 * places, begins)
    owners = owners[begins]
    numbers[owners] = (numbers[owners].astype(np.int64) << 5 * lengths) + low_bits

    stops = np.fromiter(map(len, texts), np.int64, len(texts)).cumsum()
    firsts = np.concatenate([[0], stops - more.searchsorted(stops)])
    runs = _undo_differences(numbers, firsts[:-1], firsts[1:])
    sums = np.add.reduceat(runs, firsts[:-1], dtype=np.int64)
    runs[firsts[:-1]] += 1  # only the first may be 0
    if runs.min() < 1:
        sums[np.minimum.reduceat(runs, firsts[:-1]) < 1] = -1
    unknown = np.concatenate([(code >= 64).nonzero()[0], more[begins[lengths >= _LONGEST]]])
    sums[stops.searchsorted(unknown, side='right')] = -1
    return sums


def _undo_differences(runs: np.ndarray, firsts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Run lengths of many RLEs in a row, in place: from the fourth number of an RLE on, a number is
    the difference to the run before the last.

    Args:
        runs: The numbers, (n,).
        firsts, stops: Where those of each RLE begin and end.
    """
    absolute = runs[firsts]
    for parity in (0, 1):  # the copy has no gaps: numpy sums it in a fourth of the time
        runs[parity::2] = runs[parity::2].copy().cumsum(dtype=runs.dtype)
    # The sums ran on from RLE to RLE: what they held before its runs 1 and 2 goes off.
    odd, even = np.concatenate([[0], runs[firsts[1:] - 1]]), runs[firsts]
    for parity in (0, 1):
        own = np.where((firsts ^ parity) & 1, odd, even).astype(runs.dtype)
        counts = (stops + 1 - parity) // 2 - (firsts + 1 - parity) // 2
        runs[parity::2] -= own.repeat(counts)
    runs[firsts] = absolute
    return runs
