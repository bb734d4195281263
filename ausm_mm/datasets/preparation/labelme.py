"""labelme folders to the YouTube-VIS json."""
import math
from pathlib import Path
from typing import Any, Dict, List, Tuple

from ..errors import DataError
from ..images import frame_size
from ..json_values import load_json, read_value
from .ytvis_writer import YouTubeVISWriter, compressed_rle

_IMAGES = ('.jpg', '.jpeg', '.png')
_CIRCLE_POINTS = 36


def convert_labelme(folder: Path, out: Path) -> None:
    """Converts frames with a labelme json beside each.

    Every folder of images below ``folder`` is a video, or ``folder`` itself. Shapes with the same
    label and the same ``group_id`` are one object through the video; without a group, the label is
    the object. A frame without a json shows no object.

    Args:
        folder: Where the videos are; the json's file names are relative to it.
        out: The json to write.

    Raises:
        DataError: If there is no image, or a json does not fit.
    """
    videos = sorted({path.parent for path in folder.rglob('*') if _is_image(path)})
    if not videos:
        raise DataError(f"{folder}: holds no {' or '.join(_IMAGES)} file; name the folder of the "
                        'videos')
    writer = YouTubeVISWriter()
    for video in videos:
        _add_video(writer, folder, video)
    writer.write(out)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in _IMAGES


def _add_video(writer: YouTubeVISWriter, root: Path, folder: Path) -> None:
    frames = sorted(path for path in folder.iterdir() if _is_image(path))
    height, width = frame_size(str(frames[0]))
    objects: Dict[Tuple, List] = {}
    for t, frame in enumerate(frames):
        path = frame.with_suffix('.json')
        for key, polygons in _read_shapes(path, height, width).items():
            rle = compressed_rle(polygons, height, width, str(path))
            objects.setdefault(key, [None] * len(frames))[t] = rle
    name = str(folder.relative_to(root)) if folder != root else root.resolve().name
    video_id = writer.add_video(
        name, [str(frame.relative_to(root)) for frame in frames], height, width)
    for (label, _), rles in sorted(objects.items(), key=str):
        if any(rles):
            writer.add_object(video_id, label, rles)


def _read_shapes(path: Path, height: int, width: int) -> Dict[Tuple, List[List[float]]]:
    """(label, group) -> polygons of one frame."""
    if not path.is_file():
        return {}
    content = load_json(str(path), 'labelme')
    size = [content.get('imageHeight', height), content.get('imageWidth', width)]
    if size != [height, width]:
        raise DataError(f"{path}: is for an image of {size[1]} x {size[0]} (width x height), the "
                        f"video's first frame is {width} x {height}; use frames of one size")
    shapes: Dict[Tuple, List[List[float]]] = {}
    for shape in _get(path, content, 'shapes', 'list', 'the file'):
        label = _get(path, shape, 'label', 'text', 'a shape')
        group = shape.get('group_id')
        shapes.setdefault((label, group if group is None else str(group)), []).append(
            _to_polygon(path, shape))
    return shapes


def _get(path: Path, entry: Dict, key: str, kind: str, owner: str) -> Any:
    return read_value(entry, key, kind, owner, str(path), 'labelme')


def _to_polygon(path: Path, shape: Dict) -> List[float]:
    """Flat list x1, y1, x2, y2, ... of a shape."""
    kind = shape.get('shape_type', 'polygon')
    points = _get(path, shape, 'points', 'points', f"the shape {shape['label']!r}")
    if kind == 'polygon' and len(points) >= 3:
        return [float(value) for point in points for value in point]
    if kind == 'rectangle' and len(points) == 2:
        (x1, y1), (x2, y2) = points
        return [x1, y1, x2, y1, x2, y2, x1, y2]
    if kind == 'circle' and len(points) == 2:
        radius = math.dist(*points)
        angles = [2 * math.pi * i / _CIRCLE_POINTS for i in range(_CIRCLE_POINTS)]
        return [value for angle in angles
                for value in (points[0][0] + radius * math.cos(angle),
                              points[0][1] + radius * math.sin(angle))]
    raise DataError(f"{path}: the shape {shape['label']!r} is a {kind} of {len(points)} points; "
                    'draw it as a polygon, a rectangle or a circle')
