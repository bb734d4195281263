"""COCO-video jsons to the YouTube-VIS json."""
from pathlib import Path
from typing import Any, Dict, List

from pycocotools import mask as mask_util

from ..errors import DataError
from ..json_video import find_problem, load_json
from .ytvis_writer import YouTubeVISWriter, polygons_to_rle

_TRACK_KEYS = ('instance_id', 'track_id')


def convert_coco_video(path: Path, out: Path) -> None:
    """Converts a COCO json whose images belong to videos (CocoVID).

    An image has ``video_id`` and ``frame_id``, an annotation ``instance_id`` or ``track_id``, the
    same in all frames of a video.

    Args:
        path: The json, or a folder that holds exactly one.
        out: The json to write; its file names stay what they are.

    Raises:
        DataError: If a key is missing, or a mask does not fit its image.
    """
    path = _only_json(path) if path.is_dir() else path
    content = load_json(str(path), 'COCO-video')
    categories = sorted(_get(path, content, 'categories', 'the file'), key=lambda c: c['id'])
    names = {category['id']: category['name'] for category in categories}
    writer = YouTubeVISWriter([category['name'] for category in categories])
    by_image: Dict[int, List[Dict]] = {}
    for annotation in _get(path, content, 'annotations', 'the file'):
        image_id = _get(path, annotation, 'image_id', 'an annotation')
        by_image.setdefault(image_id, []).append(annotation)
    frames: Dict[int, List[Dict]] = {}
    for image in _get(path, content, 'images', 'the file'):
        owner = f"image {image.get('id')}"
        _get(path, image, 'frame_id', owner)
        frames.setdefault(_get(path, image, 'video_id', owner), []).append(image)
    titles = {video['id']: video.get('name') for video in content.get('videos', [])}
    for video_id in sorted(frames):
        images = sorted(frames[video_id], key=lambda image: image['frame_id'])
        _add_video(writer, path, titles.get(video_id) or str(video_id), images, by_image, names)
    writer.write(out)


def _only_json(folder: Path) -> Path:
    found = sorted(folder.glob('*.json'))
    if len(found) != 1:
        raise DataError(f'{folder}: holds {len(found)} json files; name the one to convert')
    return found[0]


def _get(path: Path, entry: Dict, key: str, owner: str) -> Any:
    if key not in entry:
        raise DataError(f'{path}: the key {key!r} is missing in {owner}; is it a COCO-video json?')
    return entry[key]


def _add_video(writer: YouTubeVISWriter, path: Path, name: str, images: List[Dict],
               by_image: Dict[int, List[Dict]], names: Dict[int, str]) -> None:
    height, width = images[0]['height'], images[0]['width']
    tracks: Dict[Any, List] = {}
    owners: Dict[Any, Dict] = {}
    for t, image in enumerate(images):
        if (image['height'], image['width']) != (height, width):
            raise DataError(f"{path}: image {image['id']} is {image['width']} x {image['height']} "
                            f'(width x height), the first of its video {width} x {height}; use '
                            'frames of one size')
        for annotation in by_image.get(image['id'], []):
            key = _track_id(path, annotation)
            owners.setdefault(key, annotation)
            tracks.setdefault(key, [None] * len(images))[t] = _to_rle(
                path, annotation, height, width)
    video_id = writer.add_video(name, [image['file_name'] for image in images], height, width)
    for key, rles in tracks.items():
        if any(rles):
            writer.add_object(video_id, names[owners[key]['category_id']], rles,
                              bool(owners[key].get('iscrowd', 0)))


def _track_id(path: Path, annotation: Dict) -> Any:
    for key in _TRACK_KEYS:
        if key in annotation:
            return annotation[key]
    raise DataError(f"{path}: annotation {annotation.get('id')} has neither {_TRACK_KEYS[0]} nor "
                    f'{_TRACK_KEYS[1]}; add one, the same in all frames of an object')


def _to_rle(path: Path, annotation: Dict, height: int, width: int):
    segmentation = annotation.get('segmentation')
    problem = find_problem(segmentation, height, width)
    if problem:
        raise DataError(f"{path}: annotation {annotation.get('id')}: {problem}")
    if not segmentation:
        return None
    if isinstance(segmentation, list):
        return polygons_to_rle(segmentation, height, width)
    if isinstance(segmentation['counts'], list):
        segmentation = mask_util.frPyObjects(segmentation, height, width)
    return segmentation if mask_util.area(segmentation) else None
