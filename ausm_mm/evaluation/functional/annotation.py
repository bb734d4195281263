"""Checking the annotation jsons of COCO and YouTube-VIS before they are scored against."""
from typing import Any, Mapping, Sequence

from ausm_mm.errors import UserError

VIDEOS = dict(videos=('id', 'height', 'width'), categories=('id', 'name'))
TRACKS = dict(VIDEOS, annotations=('video_id', 'category_id', 'segmentations'))
IMAGES = dict(images=('id', 'height', 'width'), categories=('id', 'name'))
MASKS = dict(IMAGES, annotations=('id', 'image_id', 'category_id', 'segmentation', 'area',
                                  'iscrowd'))


def check_annotation(annotation: Any, name: str, parts: Mapping[str, Sequence[str]]) -> None:
    """Looks for the lists and keys that are needed.

    Args:
        annotation: Content of the json.
        name: Begins the message.
        parts: Name of each list -> the keys that its dicts must have.

    Raises:
        UserError: Naming the list, the entry and the cure.
    """
    for part, keys in parts.items():
        entries = annotation.get(part) if isinstance(annotation, dict) else None
        if not isinstance(entries, list):
            raise UserError(f'{name} has no list of {part}: take a json with {", ".join(parts)}')
        for index, entry in enumerate(entries):
            missing = [key for key in keys if not isinstance(entry, dict) or key not in entry]
            if missing:
                raise UserError(f'{name}: entry {index} of {part} lacks {", ".join(missing)}: take '
                                'the file as it was published')


def is_hidden(annotation: Any) -> bool:
    """Whether a json has no annotation, as those of test splits that a server scores."""
    return isinstance(annotation, dict) and not annotation.get('annotations')
