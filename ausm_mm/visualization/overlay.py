"""Tracks drawn on one frame: translucent mask, contour and a label with id, class and score."""
from typing import List, Optional, Sequence, Tuple

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from ausm_mm.structures import Track
from .palette import object_color, text_color
from .text import put_text, text_size

OPACITY = 0.45
Box = Tuple[int, int, int, int]  # x, y, width, height


def resize_frame(frame: np.ndarray, height: int) -> np.ndarray:
    """Scales a uint8 frame (H, W, 3) to a height in pixels; the width, rounded to even, follows."""
    width = 2 * max(round(frame.shape[1] * height / frame.shape[0] / 2), 1)
    smaller = height < frame.shape[0]
    return cv2.resize(
        frame, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def draw_tracks(frame: np.ndarray, tracks: Sequence[Track], t: int, classes: Sequence[str],
                height: int) -> np.ndarray:
    """Draws the objects of one frame at a given height, whatever the size of the frame.

    Small frames are enlarged first, so that contours and labels stay thin and legible.

    Args:
        frame: uint8 BGR (H, W, 3).
        tracks: With masks of the frame's size (see :func:`check_tracks`).
        t: Position of the frame in the tracks' segmentations.
        classes: Names of the labels.
        height: Height of the drawing, in pixels.

    Returns:
        uint8 BGR (height, width, 3), where width is even.
    """
    canvas = resize_frame(frame, height)
    masks = [_resized_mask(track.segmentations[t], canvas.shape[:2]) for track in tracks]
    present = [(track, mask) for track, mask in zip(tracks, masks) if mask is not None]
    present.sort(key=lambda pair: -np.count_nonzero(pair[1]))  # small objects stay on top
    for track, mask in present:
        color = np.array(object_color(track.object_id))
        canvas[mask] = (1 - OPACITY) * canvas[mask] + OPACITY * color
    thickness = max(round(height / 160), 1)
    for track, mask in present:
        contours, _ = cv2.findContours(
            mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(
            canvas, contours, -1, object_color(track.object_id), thickness, cv2.LINE_AA)
    _draw_labels(canvas, present, classes)
    return canvas


def check_tracks(tracks: Sequence[Track], n_frames: int, size: Tuple[int, int], name: str) -> None:
    """Raises a ValueError unless all tracks fit a video.

    Args:
        tracks: The tracks.
        n_frames: Number of frames of the video.
        size: Height and width of its frames, in pixels.
        name: Name of the video, for the message.
    """
    for track in tracks:
        if len(track.segmentations) != n_frames:
            raise ValueError(
                f'Object {track.object_id} of {name} has {len(track.segmentations)} masks, but the '
                f'video has {n_frames} frames: give one entry per frame, None where it is absent')
        for t, rle in enumerate(track.segmentations):
            if rle is not None and tuple(rle['size']) != tuple(size):
                raise ValueError(
                    f'Object {track.object_id} of {name} has a mask of {list(rle["size"])} in '
                    f'frame {t}, but the frames are {list(size)} (height, width): give frames at '
                    'their stored size, and masks of the same size')


def _resized_mask(rle: Optional[dict], size: Tuple[int, int]) -> Optional[np.ndarray]:
    """bool mask of a given (height, width); None where nothing is to be drawn."""
    if rle is None or not mask_utils.area(rle):
        return None
    mask = mask_utils.decode(rle).astype(np.float32)
    smaller = size[0] < mask.shape[0]
    mask = cv2.resize(
        mask, size[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return mask >= min(0.5, mask.max())  # an object far smaller than a pixel stays visible


def _draw_labels(canvas: np.ndarray, present: Sequence[Tuple[Track, np.ndarray]],
                 classes: Sequence[str]) -> None:
    font_size = max(canvas.shape[0] // 20, 11)
    placed: List[Box] = []
    tops = [(track, _top(mask)) for track, mask in present]
    # From top to bottom, so that a label that gives way moves away from those already placed.
    for track, top in sorted(tops, key=lambda pair: pair[1][1]):
        text = _label(track, classes)
        color = object_color(track.object_id)
        width, height = text_size(text, font_size)
        box = _place_label(top, (width + 6, height), placed, canvas.shape[:2])
        placed.append(box)
        x, y, width, height = box
        canvas[y:y + height, x:x + width] = color
        put_text(canvas, text, x + 3, y, font_size, text_color(color))


def _label(track: Track, classes: Sequence[str]) -> str:
    """Ground truth and prompted objects have the score 1 and show none."""
    parts = [str(track.object_id), classes[track.label]]
    if track.score < 1:
        parts.append(f'{track.score:.2f}')
    return '  '.join(parts)  # at the smallest sizes a single space all but disappears


def _top(mask: np.ndarray) -> Tuple[int, int]:
    """x and y of the highest point of a mask."""
    y = int(mask.any(axis=1).argmax())
    return int(np.flatnonzero(mask[y]).mean()), y


def _place_label(top: Tuple[int, int], label_size: Tuple[int, int], placed: Sequence[Box],
                 canvas_size: Tuple[int, int]) -> Box:
    """Right above the object, inside the canvas, and below the labels that are in the way."""
    (x, y), (width, height) = top, label_size
    x = max(min(x - width // 2, canvas_size[1] - width), 0)
    y = max(y - height - 1, 0)
    for other_x, other_y, other_width, other_height in sorted(placed, key=lambda box: box[1]):
        overlaps = (x < other_x + other_width and other_x < x + width
                    and y < other_y + other_height and other_y < y + height)
        if overlaps:
            y = other_y + other_height + 1
    return x, max(min(y, canvas_size[0] - height), 0), width, height
