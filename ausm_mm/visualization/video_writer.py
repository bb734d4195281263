"""Videos and pictures on disk: complete and readable, or not there at all."""
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Iterable, Iterator

import cv2
import numpy as np

# MPEG-4 part 2: the one mp4 codec that every OpenCV wheel can write (H.264 is left out of them).
CODEC = 'mp4v'


def write_video(path: os.PathLike, images: Iterable[np.ndarray], fps: float) -> None:
    """Writes an mp4 and reads it back.

    Args:
        path: The file, ending in .mp4; its folder is created.
        images: uint8 BGR (H, W, 3), all of one even height and width; at least one.
        fps: Frames per second.

    Raises:
        ValueError: If there are no images, or images of odd or different sizes.
        OSError: If OpenCV cannot write or read back the video.
    """
    with _renamed_when_complete(Path(path)) as temporary:
        n_frames = _encode(temporary, images, fps)
        readable = _count_frames(temporary)
        if readable != n_frames:
            raise OSError(f'{path}: only {readable} of {n_frames} written frames can be read back '
                          '(is the disk full?)')


def write_png(path: os.PathLike, image: np.ndarray) -> None:
    """Writes a uint8 BGR image (H, W, 3) as a PNG; its folder is created.

    Raises:
        OSError: If it cannot be written.
    """
    with _renamed_when_complete(Path(path)) as temporary:
        if not cv2.imwrite(str(temporary), image):
            raise OSError(f'{path} cannot be written: is its folder writable, the disk full?')


def _encode(path: Path, images: Iterable[np.ndarray], fps: float) -> int:
    """Returns the number of frames."""
    writer = cv2.VideoWriter()
    size, n_frames = None, 0
    try:
        for image in images:
            if size is None:
                size = image.shape
                _open(writer, path, size, fps)
            if image.shape != size:
                raise ValueError(f'Frame {n_frames} of {path.name} is {image.shape}, but the first '
                                 f'is {size}: all frames of a video have one size')
            writer.write(image)
            n_frames += 1
    finally:
        writer.release()
    if not n_frames:
        raise ValueError(f'{path.name} would have no frame: give at least one image')
    return n_frames


def _open(writer: cv2.VideoWriter, path: Path, size, fps: float) -> None:
    height, width, _ = size
    if height % 2 or width % 2:
        raise ValueError(f'{path.name} would be {width} x {height} pixels: the codec needs an even '
                         'width and height')
    writer.open(str(path), cv2.VideoWriter_fourcc(*CODEC), fps, (width, height))
    if not writer.isOpened():
        raise OSError(
            f'OpenCV {cv2.__version__} cannot write {path.name} with the codec {CODEC}: install '
            'opencv-python or opencv-python-headless from PyPI, whose wheels have it')


def _count_frames(path: Path) -> int:
    """Decodes the whole video: a header alone may promise frames that are not there."""
    capture = cv2.VideoCapture(str(path))
    n_frames = 0
    while capture.grab():
        n_frames += 1
    capture.release()
    return n_frames


@contextmanager
def _renamed_when_complete(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix='.', dir=path.parent) as folder:
        yield Path(folder) / path.name
        os.replace(Path(folder) / path.name, path)
