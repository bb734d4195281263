"""Checking entries of the jsons of COCO and YouTube-VIS, annotations and results, before they are
scored."""
import math
from collections import Counter
from typing import Any, Dict, Mapping, Sequence

from ausm_mm.errors import UserError

VIDEOS = dict(videos=('id', 'height', 'width'), categories=('id', 'name'))
TRACKS = dict(VIDEOS, annotations=('video_id', 'category_id', 'segmentations'))
IMAGES = dict(images=('id', 'height', 'width'), categories=('id', 'name'))
MASKS = dict(IMAGES, annotations=('image_id', 'category_id', 'segmentation', 'area', 'iscrowd'))


def check_annotation(annotation: Any, name: str, parts: Mapping[str, Sequence[str]]) -> None:
    """Looks for the lists and keys that are needed, and for two entries of one id or name.

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
            problem = find_entry_problem(entry, keys)
            if problem:
                raise UserError(f'{name}: entry {index} of {part} {problem}')
        for key in ('id', 'name'):
            problem = _find_ambiguity([entry[key] for entry in entries] if key in keys else [])
            if problem:
                raise UserError(f'{name}: the {key}s of {part} {problem}')


def find_entry_problem(entry: Any, keys: Sequence[str]) -> str:
    """What is wrong with the values of some keys, all of which there must be, with the cure.

    Returns:
        The end of a sentence that begins with the entry's name; empty if nothing is wrong.
    """
    if not isinstance(entry, dict):
        return f'is {entry!r}: it must be a dict with {", ".join(keys)}'
    missing = [key for key in keys if key not in entry]
    if missing:
        return f'lacks {", ".join(missing)}: write the file again, or take it as it was published'
    for key in keys:
        is_fit, description = _VALUES[key]
        if not is_fit(entry[key]):
            return f'has the {key} {entry[key]!r}: it must be {description}'
    return ''


def _find_ambiguity(values: Sequence) -> str:
    """Why values do not tell their entries apart; empty if they do."""
    if len(set(map(type, values))) > 1:
        return 'are numbers and texts: write all of them as numbers'
    repeated = [value for value, n in Counter(values).items() if n > 1]
    return f'have {repeated[0]!r} more than once: give each entry its own' if repeated else ''


def is_hidden(annotation: Any) -> bool:
    """Whether a json has no annotation, as those of test splits that a server scores."""
    return isinstance(annotation, dict) and not annotation.get('annotations')


def is_number(value: Any) -> bool:
    """Whether it is a finite number."""
    try:
        return not isinstance(value, bool) and math.isfinite(value)
    except (TypeError, OverflowError):
        return False


def is_area(value: Any) -> bool:
    """Whether it is a number of pixels that a frame may have."""
    return is_number(value) and 0 <= value < 2**32


def _is_id(value: Any) -> bool:
    # NumPy, which sorts them, rounds greater integers.
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) or is_integer and abs(value) < 2**63


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and 0 < value < 2**16


_VALUES: Dict[str, tuple] = {
    'name': (lambda value: isinstance(value, str), 'a text'),
    'segmentation': (lambda value: isinstance(value, (dict, list)), 'an RLE or polygons'),
    'segmentations': (lambda value: isinstance(value, list),
                      'a list with one entry per frame, null where it is absent'),
    'iscrowd': (lambda value: value in (0, 1), '0 or 1'),
    'area': (is_area, 'a number of pixels'),
    'score': (is_number, 'a finite number'),
    **dict.fromkeys(('height', 'width'), (_is_size, 'a whole number of pixels')),
    **dict.fromkeys(('id', 'video_id', 'image_id', 'category_id'),
                    (_is_id, 'a text or an integer of at most 64 bits')),
}
