"""Reading jsons that others wrote, whose values may be anything."""
import json
from reprlib import repr as short_repr
from typing import Any, Dict, Optional

from .errors import DataError
from .images import read_bytes

_LARGEST_SIDE = 2**16  # pixels; more is no frame, and would take all memory

_KINDS = {
    'id': (lambda value: isinstance(value, (int, str)), 'a number or a text'),
    'number': (lambda value: isinstance(value, int) and abs(value) < 2**63, 'a whole number'),
    'size': (lambda value: isinstance(value, (int, float)) and 0 < value < _LARGEST_SIDE
             and value == int(value), 'a whole number of pixels'),
    'text': (lambda value: isinstance(value, str) and value != '', 'a text'),
    'texts': (lambda value: isinstance(value, list) and value != []
              and all(isinstance(part, str) for part in value), 'a list of texts'),
    'list': (lambda value: isinstance(value, list), 'a list'),
    'dict': (lambda value: isinstance(value, dict), 'a dict'),
    'points': (lambda value: isinstance(value, list) and all(
        isinstance(point, list) and len(point) == 2
        and all(isinstance(number, (int, float)) for number in point) for point in value),
               'a list of pairs of numbers'),
    'mask': (lambda value: value is None or isinstance(value, (list, dict)),
             'null, polygons or an RLE'),
}


def load_json(path: str, layout: str) -> Dict:
    """Reads an annotation json, which must hold a dict.

    Args:
        path: The file.
        layout: Name of the format, for error messages.

    Raises:
        DataError: If the file is missing, no json, or no dict.
    """
    data = read_bytes(path)
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(f'{path}: is not valid json ({error}); '
                        'copy or write it again') from None
    if not isinstance(content, dict):
        raise DataError(f'{path}: holds a {type(content).__name__}, not the dict of a '
                        f'{layout} annotation; is it a result file?')
    return content


def read_value(entry: Any, key: str, kind: str, owner: str, path: str, layout: str) -> Any:
    """A value of an entry.

    Args:
        entry: What should be a dict.
        key: Of the value.
        kind: What the value must be: ``'id'``, ``'number'``, ``'size'`` (a whole number of pixels),
            ``'text'``, ``'texts'``, ``'list'``, ``'dict'``, ``'points'`` or ``'mask'``.
        owner: What the entry is called in messages.
        path: The file.
        layout: Name of the format.

    Raises:
        DataError: If there is no such value, or one of another kind.
    """
    cure = f'see the {layout} layout in docs/data.md'
    if not isinstance(entry, dict):
        raise DataError(f'{path}: {owner} is {short_repr(entry)}, not a dict; {cure}')
    if key not in entry:
        raise DataError(f'{path}: the key {key!r} is missing in {owner}; {cure}')
    is_fit, description = _KINDS[kind]
    if not is_fit(entry[key]):
        raise DataError(f'{path}: the {key} of {owner} is {short_repr(entry[key])}, not '
                        f'{description}; {cure}')
    return entry[key]


def find_problem(segmentation: Any, height: int, width: int) -> Optional[str]:
    """What is wrong with the form of polygons or an RLE of a frame, with the cure, or None.

    The runs and the points themselves are checked before a mask is decoded.
    """
    if not segmentation:
        return None
    if isinstance(segmentation, list):
        if all(isinstance(p, list) and len(p) >= 6 and len(p) % 2 == 0 for p in segmentation):
            return None
        return 'each polygon must be a flat list x1, y1, x2, y2, x3, y3, ...; write it again'
    if not isinstance(segmentation, dict) or not {'size', 'counts'} <= set(segmentation):
        return "must be null, polygons or an RLE with 'size' and 'counts'; write it again"
    if segmentation['size'] != [height, width]:
        return (f"the mask's size is {short_repr(segmentation['size'])}, the video's [{height}, "
                f'{width}] (height, width); write the mask at the size of the frames')
    return None
