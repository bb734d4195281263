"""Frames of image files and of video files under one kind of path."""
import os.path as osp
import re
from typing import Dict, Optional, Tuple

import cv2
import numpy as np

from .errors import DataError
from .images import read_frame

_VIDEO_FRAME = re.compile(r'(.+\.(?:mp4|avi|mov|mkv|webm))#(\d+)')
# Up to here it is quicker to decode on than to seek, which decodes from the last key frame.
_MAX_SKIP = 32


def video_frame_path(video: str, index: int) -> str:
    """The path of one frame of a video file: ``clip.mp4#12`` is the thirteenth."""
    return f'{video}#{index}'


def split_frame_path(path: str) -> Tuple[str, Optional[int]]:
    """The file of a frame, and its index if the file is a video."""
    match = _VIDEO_FRAME.fullmatch(path)
    return (match[1], int(match[2])) if match else (path, None)


class FrameReader:
    """Reads frames, of a video file without decoding what was decoded before.

    The last video stays open, so frames are best asked for in order of time.
    """

    def __init__(self) -> None:
        self._path: Optional[str] = None
        self._capture: Optional[cv2.VideoCapture] = None
        self._next = 0  # the frame that the capture would decode now

    def __getstate__(self) -> Dict:
        """An open video does not travel between processes."""
        return dict(_path=None, _capture=None, _next=0)

    def __call__(self, path: str) -> np.ndarray:
        """
        Args:
            path: An image file, or a frame of a video as :func:`video_frame_path` names it.

        Returns:
            uint8 (H, W, 3), BGR.

        Raises:
            DataError: If the file is missing or damaged, or the video has no such frame.
        """
        file, index = split_frame_path(path)
        if index is None:
            return read_frame(file)
        if file != self._path:
            self._open(file)
        if not 0 <= index - self._next <= _MAX_SKIP:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index)
            self._next = index
        while self._next < index and self._capture.grab():
            self._next += 1
        found, frame = self._capture.read() if self._next == index else (False, None)
        self._next += 1
        if not found:
            self._path = None  # where the capture stands is unknown
            raise DataError(f'{file}: has no readable frame {index}; copy the video again or '
                            'correct the annotation')
        return frame

    def _open(self, file: str) -> None:
        if not osp.isfile(file):
            raise DataError(f'{file}: there is no such video; is the data complete and the '
                            'data_prefix right?')
        # One thread: the data loader's workers share the cores already.
        capture = cv2.VideoCapture(file, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise DataError(f'{file}: is not a readable video; copy it again')
        self._path, self._capture, self._next = file, capture, 0
