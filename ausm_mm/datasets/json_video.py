"""What the data sets with one json share: YouTube-VIS and COCO."""
import json
from typing import Any, Dict, List, Optional

from .base_video import BaseVideoDataset
from .errors import DataError
from .images import read_bytes


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
    except ValueError as error:
        raise DataError(f'{path}: is not valid json ({error}); '
                        'copy or write it again') from None
    if not isinstance(content, dict):
        raise DataError(f'{path}: holds a {type(content).__name__}, not the dict of a '
                        f'{layout} annotation; is it a result file?')
    return content


def find_problem(segmentation, height: int, width: int) -> Optional[str]:
    """What is wrong with polygons or an RLE of a frame, with the cure, or None."""
    if not segmentation:
        return None
    if isinstance(segmentation, list):
        if all(isinstance(p, list) and len(p) >= 6 and len(p) % 2 == 0 for p in segmentation):
            return None
        return 'each polygon must be a flat list x1, y1, x2, y2, x3, y3, ...; write it again'
    if not isinstance(segmentation, dict) or not {'size', 'counts'} <= set(segmentation):
        return "must be null, polygons or an RLE with 'size' and 'counts'; write it again"
    if list(segmentation['size']) != [height, width]:
        return (f"the mask's size is {list(segmentation['size'])}, the video's [{height}, "
                f'{width}] (height, width); write the mask at the size of the frames')
    return None


class JsonVideoDataset(BaseVideoDataset):
    """A data set whose annotation is one json with ``categories`` and ``annotations``.

    The labels follow ``metainfo['classes']`` if the data set or the config gives it, else the
    categories in order of their ids.
    """
    LAYOUT: str  # name of the format, as docs/data.md calls it

    def _get(self, entry: Dict, key: str, owner: str) -> Any:
        if not isinstance(entry, dict) or key not in entry:
            raise DataError(f'{self.ann_file}: the key {key!r} is missing in {owner}; '
                            f'see the {self.LAYOUT} layout in docs/data.md')
        return entry[key]

    def _read_categories(self, content: Dict) -> Dict[int, int]:
        """Sets the classes and returns category id -> label."""
        categories: List[Dict] = self._get(content, 'categories', 'the file')
        names = {self._get(c, 'id', 'a category'): self._get(c, 'name', 'a category')
                 for c in categories}
        classes = self._metainfo.setdefault('classes', tuple(names[i] for i in sorted(names)))
        unknown = sorted(set(names.values()) - set(classes))
        if unknown:
            raise DataError(f'{self.ann_file}: the category {unknown[0]!r} is not among the '
                            f"metainfo's classes {tuple(classes)}; add it to the config")
        return {category_id: classes.index(name) for category_id, name in names.items()}

    def _category_label(self, raw: Dict, labels: Dict[int, int], owner: str) -> int:
        category_id = self._get(raw, 'category_id', owner)
        if category_id not in labels:
            raise DataError(f'{self.ann_file}: {owner} names the category {category_id}, which is '
                            'not among the categories; add it there')
        return labels[category_id]
