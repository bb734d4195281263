"""Reading files: bytes, lines, video frames."""
import io
from pathlib import Path
from typing import List, Optional, Tuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from .errors import DataError, UnreadableFileError

# The last bytes of every complete JPEG and PNG file.
_END_MARKERS = (b'\xff\xd9', b'IEND\xaeB`\x82')


def read_bytes(path: str) -> bytes:
    """Content of a file.

    Raises:
        DataError: If it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f'{path}: cannot be read ({error.strerror}); '
                        'is the data complete and the data_prefix right?') from None


def read_lines(path: str) -> List[str]:
    """Lines of a text file without those that are blank.

    Raises:
        DataError: If it cannot be read.
    """
    lines = read_bytes(path).decode(errors='replace').splitlines()
    return [line.strip() for line in lines if line.strip()]


def read_frame(path: str) -> np.ndarray:
    """Reads a frame as it is stored; an EXIF rotation is ignored, as the masks know nothing of it.

    Args:
        path: JPEG, PNG or any other format that PIL reads.

    Returns:
        uint8 (H, W, 3), BGR.

    Raises:
        DataError: If the file is missing, truncated or no image.
    """
    data = read_bytes(path)
    if data.endswith(_END_MARKERS):
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        if image is not None:
            return image
    # OpenCV fills what a truncated file lacks with grey and says nothing; PIL refuses.
    try:
        with Image.open(io.BytesIO(data)) as image:
            return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])
    except Exception as error:  # PIL raises whatever it stumbles over
        raise UnreadableFileError(f'{path}: is not a readable image ({reason_of(error)}); '
                                  'copy or extract it again') from None


def reason_of(error: Exception) -> str:
    """Why PIL could not read a file."""
    # Its own text holds the address of the bytes.
    return 'of no known format' if isinstance(error, UnidentifiedImageError) else str(error)


def frame_size(path: str) -> Tuple[int, int]:
    """Height and width from a frame's header.

    Raises:
        DataError: If the file is missing or no image.
    """
    try:
        with Image.open(path) as image:
            return image.height, image.width
    except Exception as error:  # as above
        raise UnreadableFileError(f'{path}: is not a readable image ({reason_of(error)}); '
                                  'copy or extract it again') from None


def check_size(frame: np.ndarray, path: str, height: int, width: int) -> np.ndarray:
    """The frame, which must have the size its video was announced with.

    Raises:
        DataError: If it has another one.
    """
    if frame.shape[:2] != (height, width):
        raise DataError(
            f'{path}: the frame is {frame.shape[1]} x {frame.shape[0]} (width x height), its video '
            f'{width} x {height}; correct the annotation or extract the frames again')
    return frame


def resized_shape(height: int, width: int, short_side: int,
                  max_long_side: Optional[int] = None) -> Tuple[int, int]:
    """Height and width with the shorter side at ``short_side``, or less to respect
    ``max_long_side``; the aspect ratio is kept."""
    scale = short_side / min(height, width)
    if max_long_side is not None:
        scale = min(scale, max_long_side / max(height, width))
    return max(round(height * scale), 1), max(round(width * scale), 1)


def resize_frame(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear resize of a frame (h, w, 3)."""
    if frame.shape[:2] == (height, width):
        return frame
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
