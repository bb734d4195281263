"""Reading the tracks of YouTube-VIS jsons, annotated and predicted, and what is wrong with them."""
import math
from typing import Collection, Dict, List, Optional, Sequence

import numpy as np

from ausm_mm.errors import UserError
from ausm_mm.utils.rle import segmentation_problems, to_rle
from .annotation import TRACKS, find_entry_problem, is_area
from .rle import areas

OCCLUSION_SCORES = {'no_occlusion': 0.0, 'slight_occlusion': 0.25, 'severe_occlusion': 0.75}


def find_track_problem(track: Dict, videos: Dict, categories: Collection[int],
                       scored: bool = True) -> str:
    """What is wrong with a result or annotation, its masks aside, with the cure.

    Args:
        track: The entry of the file.
        videos: Id -> video of the annotation.
        categories: The known category ids.
        scored: Whether it is a result, which needs a score.

    Returns:
        The end of a sentence that begins with the entry's name; empty if nothing is wrong.
    """
    problem = find_entry_problem(
        track, (*TRACKS['annotations'], *(['score'] if scored else [])))
    if problem:
        return problem
    if track['video_id'] not in videos:
        return (f'is of video {track["video_id"]!r}, which is not among the {len(videos)} videos '
                'of the ground truth: take the annotation it was made for')
    name = f'of video {track["video_id"]}'
    if track['category_id'] not in categories:
        return (f'{name} has the unknown category {track["category_id"]!r}: the ground truth has '
                f'{list(categories)}')
    return '' if scored else _find_extra_problem(track, name)


def _find_extra_problem(track: Dict, name: str) -> str:
    """What is wrong with what only annotations have."""
    for key, is_fit, description in (
            ('areas', is_area, 'a number of pixels'),
            ('occlusion', list(OCCLUSION_SCORES).__contains__,
             f'one of {", ".join(OCCLUSION_SCORES)}')):
        values = track.get(key) or []
        if not isinstance(values, list):
            return f'{name} has the {key} {values!r}: give a list with one entry per frame'
        unfit = [value for value in values if value is not None and not is_fit(value)]
        if unfit:
            return f'{name} has the {key} {unfit[0]!r}: it must be null or {description}'
    if track.get('iscrowd') not in (None, 0, 1):
        return f'{name} has the iscrowd {track["iscrowd"]!r}: it must be 0 or 1'
    return ''


def read_tracks(tracks: Sequence[Dict], names: Sequence[str], videos: Dict, categories: Dict,
                scored: bool = False) -> List[Dict]:
    """Checks annotations or results.

    Args:
        tracks: N entries of a json.
        names: What each is called in messages.
        videos: Id -> video of the annotation.
        categories: Id -> name.
        scored: Whether they are results.

    Returns:
        N dicts as COCOeval takes them: ``area`` is the mean over the frames in which the track is
        visible. ``segmentations`` are compressed RLEs or None, ``occlusion`` see
        :func:`.vis_ap.vis_ap`.

    Raises:
        UserError: Naming the track, the value and the cure.
    """
    for track, name in zip(tracks, names):
        problem = find_track_problem(track, videos, categories, scored)
        if problem:
            raise UserError(f'{name} {problem}')
    names = [f'{name} of video {track["video_id"]}' for track, name in zip(tracks, names)]
    _check_masks(tracks, names, videos)
    return [_read_track(track, name, videos[track['video_id']], scored)
            for track, name in zip(tracks, names)]


def check_lengths(tracks: Sequence[Dict]) -> None:
    """All tracks of a video must count the same frames, else masks would be compared askew.

    Raises:
        UserError: Naming two tracks that do not.
    """
    longest: Dict = {}
    for track in tracks:
        reference = longest.setdefault(track['video_id'], track)
        lengths = len(reference['segmentations']), len(track['segmentations'])
        if lengths[0] != lengths[1]:
            raise UserError(
                f'{track["name"]} has {lengths[1]} segmentations, but {reference["name"]} has '
                f'{lengths[0]}: give one entry per frame of the video, null where it is absent')


def _check_masks(tracks: Sequence[Dict], names: Sequence[str], videos: Dict) -> None:
    frame_sizes = {video_id: (video['height'], video['width'])
                   for video_id, video in videos.items()}
    # All at once: track by track would take twice as long.
    problems = segmentation_problems(
        [segmentation for track in tracks for segmentation in track['segmentations']],
        [frame_sizes[track['video_id']] for track in tracks for _ in track['segmentations']])
    for index, problem in enumerate(problems):
        if problem:
            places = [f'{name}, frame {frame}' for track, name in zip(tracks, names)
                      for frame in range(len(track['segmentations']))]
            raise UserError(f'{places[index]}: {problem}')


def _read_track(track: Dict, name: str, video: Dict, scored: bool) -> Dict:
    segmentations = [to_rle(segmentation, video['height'], video['width'])
                     for segmentation in track['segmentations']]
    given = None if scored else track.get('areas')
    n_pixels = np.array([n or 0 for n in given], float) if given else areas(segmentations)
    visible = n_pixels[n_pixels > 0]
    is_crowd = 0 if scored else int(track.get('iscrowd') or 0)
    return dict(
        name=name,
        video_id=video['id'],
        category_id=track['category_id'],
        segmentations=segmentations,
        area=visible.mean() if visible.size else 0.0,
        iscrowd=is_crowd,
        ignore=is_crowd,
        score=float(track['score']) if scored else None,
        occlusion=None if scored else _mean_occlusion(track.get('occlusion')))


def _mean_occlusion(levels: Optional[List]) -> Optional[float]:
    """Occlusion of an object in [0, 0.75]: the mean over the half of its frames in which it is
    occluded the most; None where it is not annotated."""
    scores = sorted(OCCLUSION_SCORES[level] for level in levels or [] if level)
    return float(np.mean(scores[-math.ceil(len(scores) / 2):])) if scores else None
