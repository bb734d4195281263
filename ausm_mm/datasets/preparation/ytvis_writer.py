"""Writing the YouTube-VIS json."""
from pathlib import Path
from typing import Dict, List, Optional, Union

from pycocotools import mask as mask_util

from ausm_mm.utils import write_json
from ausm_mm.utils.rle import segmentation_problems, to_rle
from ..errors import DataError
from ..json_values import find_problem


class YouTubeVISWriter:
    """Gathers videos and their objects, and writes them as a json that the reader takes.

    Args:
        classes: Names in the order of the category ids, which count from 1; others are added as
            they come.
    """

    def __init__(self, classes: List[str] = ()) -> None:
        self._classes = list(classes)
        self._videos: List[Dict] = []
        self._annotations: List[Dict] = []

    def add_video(self, name: str, file_names: List[str], height: int, width: int) -> int:
        """Adds a video without objects and returns its id."""
        self._videos.append(dict(id=len(self._videos) + 1, name=name, file_names=file_names,
                                 height=height, width=width, length=len(file_names)))
        return len(self._videos)

    def add_object(self, video_id: int, class_name: str, rles: List[Optional[Dict]],
                   is_crowd: bool = False) -> None:
        """Adds an object with one compressed RLE a frame, None where it is absent."""
        if class_name not in self._classes:
            self._classes.append(class_name)
        video = self._videos[video_id - 1]
        self._annotations.append(dict(
            id=len(self._annotations) + 1,
            video_id=video_id,
            category_id=self._classes.index(class_name) + 1,
            iscrowd=int(is_crowd),
            height=video['height'],
            width=video['width'],
            segmentations=[rle and dict(size=list(rle['size']), counts=_text(rle['counts']))
                           for rle in rles],
            bboxes=[rle and mask_util.toBbox(rle).tolist() for rle in rles],
            areas=[rle and int(mask_util.area(rle)) for rle in rles]))

    def write(self, path: Path) -> None:
        """Writes the json.

        Raises:
            DataError: If nothing was added.
        """
        if not self._annotations:
            raise DataError(f'{path}: there is no annotated object to write; is it the right '
                            'folder?')
        categories = [dict(id=i, name=name) for i, name in enumerate(self._classes, 1)]
        write_json(dict(videos=self._videos, categories=categories,
                        annotations=self._annotations), path)


def _text(counts) -> str:
    return counts.decode() if isinstance(counts, bytes) else counts


def compressed_rle(segmentation: Union[Dict, List, None], height: int, width: int,
                   owner: str) -> Optional[Dict]:
    """RLE or polygons of a frame as a compressed RLE, None if it has no pixel.

    Raises:
        DataError: Beginning with the owner, if it is malformed or of another size.
    """
    problem = (find_problem(segmentation, height, width)
               or segmentation_problems([segmentation or None], [(height, width)])[0])
    if problem:
        raise DataError(f'{owner}: {problem}')
    rle = to_rle(segmentation, height, width)
    return rle if rle and mask_util.area(rle) else None
