"""What a data set holds, and what it lacks."""
import os
import os.path as osp
from dataclasses import dataclass
from typing import Dict, Optional, Set

from ...registry import DATASETS
from ..base_video import BaseVideoDataset
from ..errors import DataError
from ..frame_reader import split_frame_path


@dataclass
class Count:
    """Figures of one split.

    Args:
        videos, frames, annotated, objects: How many there are; ``annotated`` counts frames.
        masks: Pairs of an object and a frame that it is in.
        missing: Image and video files that are announced but not there.
        problem: What is missing or wrong, with an example, or '' if nothing is.
    """
    videos: int = 0
    frames: int = 0
    annotated: int = 0
    objects: int = 0
    masks: int = 0
    missing: int = 0
    problem: str = ''


def count_source(config: Dict) -> Count:
    """Reads the annotation of a split and looks for its files; decodes no frame.

    Args:
        config: Of the data set's reader.

    Returns:
        Its figures; those of a split that cannot be read are 0 and ``problem`` says why.
    """
    try:
        dataset = DATASETS.build(dict(config, test_mode=True))
        return _count(dataset)
    except DataError as error:
        return Count(problem=str(error))


def _count(dataset: BaseVideoDataset) -> Count:
    count = Count(videos=len(dataset))
    folders: Dict[str, Set[str]] = {}
    example: Optional[str] = None
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        count.frames += len(info['img_paths'])
        count.annotated += len(info['annotated_frames'])
        count.objects += len(info['objects'])
        count.masks += sum(s is not None for obj in info['objects'] for s in obj['segmentations'])
        # Many frames may lie in one video file.
        for file in dict.fromkeys(split_frame_path(path)[0] for path in info['img_paths']):
            folder, name = osp.split(file)
            if folder not in folders:
                folders[folder] = set(os.listdir(folder)) if osp.isdir(folder) else set()
            if name not in folders[folder]:
                count.missing += 1
                example = example or file
    if example:
        count.problem = f'{count.missing} files are missing, the first is {example}'
    elif not count.objects:
        count.problem = 'no object is annotated'
    return count
