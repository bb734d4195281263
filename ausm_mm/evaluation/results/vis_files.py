"""Result files of YouTube-VIS, OVIS and all sets in their format."""
from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Dict, Iterator, List, Sequence

from ausm_mm.errors import UserError
from ausm_mm.utils.files import PathLike
from ausm_mm.utils.rle import segmentation_problems
from ..functional.tracks import find_track_problem
from ..functional.vis_ap import evaluate_tracks
from .archives import write_zip
from .json_files import RESULTS_NAME, load_json, load_results

if TYPE_CHECKING:  # else scoring files would import torch
    from ausm_mm.structures import Track


def evaluate_vis_files(ground_truth: PathLike, predictions: PathLike):
    """:func:`~ausm_mm.evaluation.functional.vis_ap.evaluate_tracks` of two files.

    Raises:
        UserError: Naming the files, the track, the value and the cure.
    """
    truth, results = load_json(ground_truth), load_results(predictions)
    try:
        return evaluate_tracks(truth, results)
    except UserError as error:
        raise UserError(f'{predictions} (against {ground_truth}): {error}') from None


def category_ids(classes: Sequence[str], annotation: Dict, name: PathLike) -> List[int]:
    """Category id of each class (label) of a data set.

    Args:
        classes: Names of the classes.
        annotation: Content of the json with the ``categories``.
        name: Of the json, for the message.

    Raises:
        UserError: If it does not name a class.
    """
    ids = {category['name']: category['id'] for category in annotation['categories']}
    unknown = [name for name in classes if name not in ids]
    if unknown:
        raise UserError(f'The data set has classes {unknown}, which {name} does not name (it has '
                        f'{list(ids)}): evaluate with the annotation file of the data set')
    return [ids[name] for name in classes]


def track_results(video_id: int, tracks: Sequence[Track], ids: Sequence[int]) -> List[Dict]:
    """Tracks of a video as entries of a result file; ``ids`` from :func:`category_ids`."""
    return [dict(video_id=video_id, category_id=ids[track.label], score=track.score,
                 segmentations=track.segmentations) for track in tracks]


def pack_vis(results: Sequence[Dict], path: PathLike) -> None:
    """Writes a zip with ``results.json``, as the YouTube-VIS and OVIS servers take it.

    Args:
        results: As :func:`~ausm_mm.evaluation.functional.vis_ap.vis_ap` takes them, with compressed
            RLEs (``counts`` may be bytes) or ``None``.
        path: The zip; it appears when it is complete.
    """
    with write_zip(path, zipfile.ZIP_DEFLATED) as add:
        add(RESULTS_NAME, json.dumps(results, default=_decode_bytes).encode())


def find_vis_problems(results: List, annotation: Dict) -> Iterator[str]:
    """What a server would refuse or score wrongly, one line each.

    Args:
        results: Content of ``results.json``.
        annotation: The json the videos come from; its ``annotations`` are not read and may be null.
    """
    videos = {video['id']: video for video in annotation['videos']}
    categories = {category['id'] for category in annotation['categories']}
    seen = set()
    for index, result in enumerate(results):
        problem = find_track_problem(result, videos, categories)
        if problem:
            yield f'result {index} {problem}'
            continue
        seen.add(result['video_id'])
        yield from _mask_problems(result, f'result {index} of video {result["video_id"]}',
                                  videos[result['video_id']])
    for video_id, video in videos.items():
        if video_id not in seen:
            name = video.get('name') or (_frame_names(video) or [''])[0]
            yield (f'video {video_id} ({name}) has no result: all its objects will count as '
                   'missed; predict it too')


def _mask_problems(result: Dict, name: str, video: Dict) -> Iterator[str]:
    segmentations = result['segmentations']
    n_frames = len(_frame_names(video)) or video.get('length')
    if n_frames and len(segmentations) != n_frames:
        yield (f'{name} has {len(segmentations)} segmentations, but the video has {n_frames} '
               'frames: give one entry per frame, null where it is absent')
    if not any(segmentations):
        yield f'{name} has no mask in any frame: leave it out'
    size = video['height'], video['width']
    problems = segmentation_problems(segmentations, [size] * len(segmentations))
    for frame, (segmentation, problem) in enumerate(zip(segmentations, problems)):
        if isinstance(segmentation, list):
            problem = 'polygons, but servers take RLEs: encode the mask with pycocotools'
        if problem:
            yield f'{name}, frame {frame}: {problem}'


def _frame_names(video: Dict) -> List:
    names = video.get('file_names')
    return names if isinstance(names, list) else []


def _decode_bytes(value) -> str:
    return value.decode()
