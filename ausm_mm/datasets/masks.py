"""Reading masks: label-map PNGs, RLEs and polygons."""
import io
from typing import Callable, Dict, List, Optional, Tuple

import cv2
import numpy as np
from PIL import Image
from pycocotools import mask as mask_util

from ..utils.rle import segmentation_problems, to_rle
from .errors import DataError, UnreadableFileError
from .images import read_bytes, reason_of

_PNG = b'\x89PNG\r\n\x1a\n'
_BIT_DEPTH = 24  # its place in a PNG
VOID = 255  # pixels of an indexed PNG that belong to no object, as in PASCAL VOC


def read_label_map(path: str) -> np.ndarray:
    """Reads a mask PNG.

    =====================================  ====================================================
    file                                   meaning
    =====================================  ====================================================
    palette                                the index is the object id, 255 is void (DAVIS 2017)
    palette, only 0 and a white 255        as grey with 0 and 255
    grey (or R = G = B) with 0 and 255     255 is object 1 (DAVIS 2016)
    grey (or R = G = B), values below 255  the value is the object id
    =====================================  ====================================================

    Args:
        path: The file.

    Returns:
        uint8 (H, W): Object ids, 0 is background.

    Raises:
        DataError: If the file is missing, unreadable or none of the above.
    """
    image = open_mask(path)
    indexed = image.mode == 'P' and not _is_binary_palette(image)
    label_map = np.array(image) if indexed else _grey_values(image, path)
    if indexed:
        label_map[label_map == VOID] = 0
        return label_map
    if label_map.max() < 255:
        return label_map
    others = label_map[(label_map > 0) & (label_map < 255)]
    if others.size:
        raise DataError(f'{path}: a grey mask with the values 255 and {others[0]} is neither '
                        'binary (0 and 255) nor an object index; save it with a palette')
    return (label_map == 255).astype(np.uint8)


def open_mask(path: str) -> Image.Image:
    """Decodes a PNG of at most 8 bits a value.

    Raises:
        DataError: If the file is missing, unreadable or anything else.
    """
    data = read_bytes(path)
    if data[:len(_PNG)] != _PNG:  # JPEG, for one, would change the ids
        raise UnreadableFileError(f'{path}: is not a readable mask (no PNG); '
                                  'write it as an indexed PNG with a palette')
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except Exception as error:  # PIL raises whatever it stumbles over
        raise UnreadableFileError(f'{path}: is not a readable mask ({reason_of(error)}); '
                                  'copy or extract it again') from None
    if data[_BIT_DEPTH] == 16:
        raise DataError(f'{path}: has 16 bits a value, which PIL cuts or clips to 8; '
                        'write it as an indexed PNG with a palette')
    return image


def _is_binary_palette(image: Image.Image) -> bool:
    used = {value for _, value in image.getcolors(256)}
    if not {VOID} <= used <= {0, VOID}:
        return False
    return image.getpalette()[3 * VOID:3 * VOID + 3] == [255, 255, 255]


def _grey_values(image: Image.Image, path: str) -> np.ndarray:
    if image.mode in ('L', '1'):
        return np.array(image.convert('L'))
    channels = np.array(image.convert('RGB'))
    if (channels != channels[..., :1]).any():
        raise DataError(f'{path}: is a colour image (mode {image.mode}), so that the object ids '
                        'are unknown; save it as an indexed PNG with a palette')
    return channels[..., 0].copy()


def load_label_map(path: str, height: int, width: int) -> np.ndarray:
    """Reads a mask PNG that must have the size of its frame; uint8 (height, width).

    Raises:
        DataError: If it has another size, or as :func:`read_label_map`.
    """
    label_map = read_label_map(path)
    if label_map.shape != (height, width):
        raise DataError(
            f'{path}: the mask is {label_map.shape[1]} x {label_map.shape[0]} (width x height), '
            f'its frame {width} x {height}; write the mask again at the size of the frame')
    return label_map


def frame_masks(objects: List[Dict], t: int, height: int, width: int,
                shape: Optional[Tuple[int, int]] = None) -> np.ndarray:
    """Decodes all objects of one frame.

    Args:
        objects: N objects as the data sets give them, with ``object_id`` and ``segmentations``.
        t: The frame.
        height, width: Of the frame.
        shape: Height and width to resize each mask to as soon as it is decoded.

    Returns:
        bool (N, h, w): Empty where an object is absent.

    Raises:
        DataError: If a mask is missing, malformed or of another size than the frame.
    """
    shape = shape or (height, width)
    masks = np.zeros((len(objects), *shape), bool)
    label_maps: Dict[str, np.ndarray] = {}  # one file holds all objects of a frame
    segmentations = [obj['segmentations'][t] for obj in objects]
    problems = segmentation_problems([None if isinstance(s, str) else s for s in segmentations],
                                     [(height, width)] * len(segmentations))
    for mask, obj, segmentation, problem in zip(
            masks, objects, segmentations, problems, strict=True):
        if problem:
            raise DataError(f"object {obj['object_id']}, frame {t}: {problem}")
        if isinstance(segmentation, str):
            if segmentation not in label_maps:
                label_maps[segmentation] = resize_nearest(
                    load_label_map(segmentation, height, width), *shape)
            np.equal(label_maps[segmentation], obj['object_id'], out=mask)
        elif segmentation:
            decoded = mask_util.decode(to_rle(segmentation, height, width))
            # pycocotools decodes column by column: the transpose is what lies straight in memory.
            cv2.transpose(resize_nearest(decoded.T, *shape[::-1]), dst=mask.view(np.uint8))
    return masks


def video_masks(video: Dict, t: int, shape: Optional[Tuple[int, int]] = None) -> np.ndarray:
    """As :func:`frame_masks`, of a video as the data sets give it; errors name the video and its
    annotation file."""
    try:
        return frame_masks(video['objects'], t, video['height'], video['width'], shape)
    except DataError as error:
        raise DataError(f"{video['ann_file']}: video {video['video_name']}: {error}") from None


def resize_nearest(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Nearest-neighbour resize of uint8 (h, w) to (height, width)."""
    if mask.shape == (height, width):
        return mask
    # _EXACT samples at pixel centres, as the bilinear resize of the frames does.
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)


def map_masks(masks: np.ndarray, mapping: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Applies a nearest-neighbour mapping to masks, to eight objects at once as bits of a byte.

    Args:
        masks: bool (N, T, H, W).
        mapping: uint8 (H, W) -> uint8 (h, w), which only moves, repeats or drops values or sets 0.

    Returns:
        bool (N, T, h, w).
    """
    num_objects, num_frames, height, width = masks.shape
    planes = np.packbits(masks, axis=0)  # (ceil(N / 8), T, H, W)
    mapped = [[mapping(frame) for frame in plane] for plane in planes]
    if not mapped:  # the mapping still tells the size
        size = mapping(np.zeros((height, width), np.uint8)).shape
        return np.zeros((0, num_frames, *size), bool)
    return np.unpackbits(np.array(mapped), axis=0, count=num_objects).view(bool)


def encode_mask(mask: np.ndarray) -> Optional[Dict]:
    """Compressed RLE of a mask bool (H, W), or None if it is empty."""
    return mask_util.encode(np.asfortranarray(mask, np.uint8)) if mask.any() else None
