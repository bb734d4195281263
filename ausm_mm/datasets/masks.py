"""Reading masks: label-map PNGs, RLEs and polygons."""
import io
from typing import Dict, List, Union

import numpy as np
from PIL import Image
from pycocotools import mask as mask_util

from .errors import DataError
from .images import read_bytes

VOID = 255  # pixels of an indexed PNG that belong to no object, as in PASCAL VOC

# One object in one frame: an RLE, polygons, or the path of a label-map PNG.
Segmentation = Union[Dict, List, str]


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
    try:
        with Image.open(io.BytesIO(read_bytes(path))) as image:
            indexed = image.mode == 'P' and not _is_binary_palette(image)
            label_map = np.array(image) if indexed else _grey_values(image, path)
    except (OSError, SyntaxError) as error:
        raise DataError(f'{path}: is not a readable mask ({error}); '
                        'copy or extract it again') from None
    if indexed:
        label_map[label_map == VOID] = 0
        return label_map
    if label_map.max() < 255:
        return label_map
    others = np.setdiff1d(label_map, (0, 255))
    if others.size:
        raise DataError(f'{path}: a grey mask with the values 255 and {others[0]} is neither '
                        'binary (0 and 255) nor an object index; save it with a palette')
    return (label_map == 255).astype(np.uint8)


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


def to_rle(segmentation: Segmentation, object_id: int, height: int, width: int) -> Dict:
    """Brings any segmentation to a compressed RLE.

    Args:
        segmentation: See :data:`Segmentation`.
        object_id: Picks the object from a label-map PNG.
        height, width: Of the frame.

    Returns:
        dict: Compressed COCO RLE.

    Raises:
        DataError: If it cannot be decoded or a PNG's size is not that of the frame.
    """
    if isinstance(segmentation, str):
        label_map = load_label_map(segmentation, height, width)
        return mask_util.encode(np.asfortranarray(label_map == object_id, np.uint8))
    if isinstance(segmentation, list):
        try:
            return mask_util.merge(mask_util.frPyObjects(segmentation, height, width))
        except (TypeError, ValueError, IndexError) as error:
            raise DataError(f'object {object_id}: malformed polygons ({error}); each must be a '
                            'flat list x1, y1, x2, y2, x3, y3, ...') from None
    if isinstance(segmentation['counts'], list):
        return mask_util.frPyObjects(segmentation, height, width)
    return segmentation


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


def decode_rles(rles: List[Dict]) -> np.ndarray:
    """Decodes RLEs of one size; bool (K, H, W), K >= 1.

    Raises:
        DataError: If an RLE is malformed.
    """
    try:
        masks = mask_util.decode(rles)  # (H, W, K), Fortran order
    except (TypeError, ValueError) as error:
        raise DataError(f'malformed RLE ({error}); write the annotation again') from None
    return masks.transpose(2, 0, 1).view(bool)
