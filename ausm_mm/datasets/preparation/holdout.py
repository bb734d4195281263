"""Holding out part of a training set for validation."""
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Dict, List, Set, Tuple

from ausm_mm.utils import renamed_when_complete, write_json
from ..errors import DataError
from ..images import read_lines
from ..json_values import load_json, read_value


def split_json(path: Path, share: float, seed: int = 0) -> Tuple[Path, Path]:
    """Splits a YouTube-VIS json by videos.

    The held-out part has every category of which there is a video to spare.

    Args:
        path: ``train.json``; beside it ``train_sub.json`` and ``train_holdout.json`` are written.
        share: Of the videos to hold out, between 0 and 1; at least one is.
        seed: Decides which ones.

    Returns:
        The two files.

    Raises:
        DataError: If the json is no YouTube-VIS annotation, or has fewer than two videos.
    """
    get = partial(read_value, path=str(path), layout='YouTube-VIS')
    content = load_json(str(path), 'YouTube-VIS')
    if not content.get('videos') or not content.get('annotations'):
        raise DataError(f"{path}: needs 'videos' and 'annotations' to be split; is it the json of "
                        'a training set?')
    videos, annotations = (get(content, key, 'list', 'the file')
                           for key in ('videos', 'annotations'))
    categories: Dict[int, Set[int]] = {get(video, 'id', 'id', 'a video'): set()
                                       for video in videos}
    for annotation in annotations:
        video_id = get(annotation, 'video_id', 'id', 'an annotation')
        if video_id not in categories:
            raise DataError(f'{path}: an annotation names the video {video_id}, which is not among '
                            'the videos; remove it or add the video')
        categories[video_id].add(get(annotation, 'category_id', 'number', 'an annotation'))
    held = _choose(categories, _number(path, len(videos), share), seed)
    parts = []
    for name, keep in (('sub', False), ('holdout', True)):
        part = dict(content, videos=[v for v in videos if (v['id'] in held) == keep],
                    annotations=[a for a in annotations if (a['video_id'] in held) == keep])
        parts.append(path.with_name(f'{path.stem}_{name}.json'))
        write_json(part, parts[-1])
    return parts[0], parts[1]


def split_list(path: Path, share: float, seed: int = 0) -> Tuple[Path, Path]:
    """Splits the videos of the DAVIS layout.

    Args:
        path: A text file with one video name a line, or the folder that holds a folder for each
            video. Beside it ``{name}_sub.txt`` and ``{name}_holdout.txt`` are written.
        share, seed: As in :func:`split_json`.

    Returns:
        The two files.

    Raises:
        DataError: If there are fewer than two videos.
    """
    if path.is_dir():
        names = sorted(entry.name for entry in path.iterdir() if entry.is_dir())
    else:
        names = read_lines(str(path))
    held = _choose({name: set() for name in names}, _number(path, len(names), share), seed)
    parts = []
    for name, keep in (('sub', False), ('holdout', True)):
        parts.append(path.with_name(f'{path.stem}_{name}.txt'))
        with renamed_when_complete(parts[-1]) as temporary:
            temporary.write_text(''.join(f'{n}\n' for n in names if (n in held) == keep))
    return parts[0], parts[1]


def _number(path: Path, total: int, share: float) -> int:
    if not 0 < share < 1:
        raise DataError(f'{path}: the share to hold out is {share}; give one between 0 and 1')
    if total < 2:
        raise DataError(f'{path}: has {total} videos; splitting needs two')
    return min(max(round(share * total), 1), total - 1)


def _choose(categories: Dict, number: int, seed: int) -> Set:
    """Names of the videos to hold out; ``categories``: name -> categories in the video."""
    left: List = sorted(categories, key=lambda name: (isinstance(name, str), name))
    random.Random(seed).shuffle(left)
    remaining = Counter(c for video in left for c in categories[video])
    held, covered = set(), set()

    def gain(video) -> int:
        """Categories that only come with this video; -1 if the rest would lose one with it."""
        if any(remaining[c] == 1 for c in categories[video]):
            return -1
        return len(categories[video] - covered)

    while len(held) < number:
        video = max(left, key=gain)  # the first of the best: their order is random
        left.remove(video)
        held.add(video)
        covered |= categories[video]
        remaining.subtract(categories[video])
    return held
