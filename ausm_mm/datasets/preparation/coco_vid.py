"""COCO-video jsons to the YouTube-VIS json."""
from pathlib import Path
from typing import Any, Dict, List, Optional

from ..errors import DataError
from ..json_values import load_json, read_value
from .ytvis_writer import YouTubeVISWriter, compressed_rle

_TRACK_KEYS = ('instance_id', 'track_id')


def convert_coco_video(path: Path, out: Path) -> None:
    """Converts a COCO json whose images belong to videos (CocoVID).

    An image has ``video_id`` and ``frame_id``, an annotation ``instance_id`` or ``track_id``, the
    same in all frames of a video.

    Args:
        path: The json, or a folder that holds exactly one.
        out: The json to write; its file names stay what they are.

    Raises:
        DataError: If a key is missing, entries contradict each other, or a mask does not fit its
            image.
    """
    _CocoVideoFile(_only_json(path) if path.is_dir() else path).convert(out)


def _only_json(folder: Path) -> Path:
    found = sorted(folder.glob('*.json'))
    if len(found) != 1:
        raise DataError(f'{folder}: holds {len(found)} json files; name the one to convert')
    return found[0]


class _CocoVideoFile:

    def __init__(self, path: Path) -> None:
        self.path = path
        content = load_json(str(path), 'COCO-video')
        self.names = {self._get(category, 'id', 'number', 'a category'):
                      self._get(category, 'name', 'text', 'a category')
                      for category in self._get(content, 'categories', 'list', 'the file')}
        self.titles = {self._get(video, 'id', 'id', 'a video'): video.get('name')
                       for video in self._get({'videos': [], **content}, 'videos', 'list',
                                              'the file')}
        self.images = {self._get(image, 'id', 'id', 'an image'): image
                       for image in self._get(content, 'images', 'list', 'the file')}
        self.annotations: Dict[Any, List[Dict]] = {image_id: [] for image_id in self.images}
        for annotation in self._get(content, 'annotations', 'list', 'the file'):
            owner = f"annotation {self._get(annotation, 'id', 'id', 'an annotation')}"
            image_id = self._get(annotation, 'image_id', 'id', owner)
            if image_id not in self.images:
                raise DataError(f'{path}: {owner} names the image {image_id}, which is not among '
                                'the images; remove it or add the image')
            self.annotations[image_id].append(annotation)

    def convert(self, out: Path) -> None:
        writer = YouTubeVISWriter([self.names[category_id] for category_id in sorted(self.names)])
        videos: Dict[Any, List[Dict]] = {}
        for image_id, image in self.images.items():
            owner = f'image {image_id}'
            self._get(image, 'frame_id', 'number', owner)
            videos.setdefault(self._get(image, 'video_id', 'id', owner), []).append(image)
        for video_id, images in videos.items():
            images.sort(key=lambda image: image['frame_id'])
            self._add_video(writer, str(self.titles.get(video_id) or video_id), images)
        writer.write(out)

    def _add_video(self, writer: YouTubeVISWriter, name: str, images: List[Dict]) -> None:
        sizes = [tuple(int(self._get(image, key, 'size', f"image {image['id']}"))
                       for key in ('height', 'width')) for image in images]
        height, width = sizes[0]
        for image, size in zip(images, sizes, strict=True):
            if size != sizes[0]:
                raise DataError(f"{self.path}: image {image['id']} is {size[1]} x {size[0]} (width "
                                f'x height), the first of its video {width} x {height}; use frames '
                                'of one size')
        files = [self._get(image, 'file_name', 'text', f"image {image['id']}") for image in images]
        video_id = writer.add_video(name, files, height, width)
        tracks: Dict[Any, Dict[int, Dict]] = {}  # id -> position -> annotation
        for t, image in enumerate(images):
            for annotation in self.annotations[image['id']]:
                track = tracks.setdefault(self._track_id(annotation), {})
                if t in track:
                    raise DataError(f"{self.path}: annotation {annotation['id']} is the second one "
                                    f"of its object in image {image['id']}; unite their masks")
                track[t] = annotation
        for track in tracks.values():
            rles = [self._rle(track[t], height, width) if t in track else None
                    for t in range(len(images))]
            if any(rles):
                crowd = any(annotation.get('iscrowd') for annotation in track.values())
                writer.add_object(video_id, self._class_of(list(track.values())), rles, crowd)

    def _track_id(self, annotation: Dict) -> Any:
        owner = f"annotation {annotation['id']}"
        for key in _TRACK_KEYS:
            if key in annotation:
                return self._get(annotation, key, 'id', owner)
        raise DataError(f'{self.path}: {owner} has neither {_TRACK_KEYS[0]} nor {_TRACK_KEYS[1]}; '
                        'add one, the same in all frames of an object')

    def _class_of(self, track: List[Dict]) -> str:
        owner = f"annotation {track[0]['id']}"
        category_id = self._get(track[0], 'category_id', 'number', owner)
        if category_id not in self.names:
            raise DataError(f'{self.path}: {owner} names the category {category_id}, which is not '
                            'among the categories; add it there')
        for other in track:
            if other.get('category_id') != category_id:
                raise DataError(f"{self.path}: {owner} is of category {category_id}, annotation "
                                f"{other['id']} of the same object is of "
                                f"{other.get('category_id')}; give both the same")
        return self.names[category_id]

    def _rle(self, annotation: Dict, height: int, width: int) -> Optional[Dict]:
        owner = f"annotation {annotation['id']}"
        segmentation = self._get(annotation, 'segmentation', 'mask', owner)
        return compressed_rle(segmentation, height, width, f'{self.path}: {owner}')

    def _get(self, entry: Dict, key: str, kind: str, owner: str) -> Any:
        return read_value(entry, key, kind, owner, str(self.path), 'COCO-video')
