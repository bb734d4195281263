"""Average precision of video instance segmentation, as YouTube-VIS defines it.

It is COCO's AP over tracks: the overlap of two tracks is their intersection summed over the frames
divided by their union summed over the frames, and the size of a track is its mean area over the
frames in which it is visible. Matching and accumulation are pycocotools' own.

Source: Yang et al., "Video Instance Segmentation", ICCV 2019, and its evaluator
https://github.com/youtubevos/cocoapi. A crowd track overlaps by plain IoU there (COCO divides
by the prediction's area). One deliberate difference: tracks are numbered anew, since the evaluator
takes a ground-truth track whose id is 0 for unmatched.

OVIS also by how much the objects are occluded: Qi et al., "Occluded Video Instance Segmentation:
Dataset and ICCV 2021 Challenge", and https://github.com/qjy981010/cocoapi.
"""
import contextlib
import io
import math
from collections import defaultdict
from typing import Collection, Dict, List, Optional, Sequence, Union

import numpy as np
from pycocotools.cocoeval import COCOeval

from ausm_mm.errors import UserError
from .rle import area, intersections, rle_problems, to_rle

# Mean pixels per visible frame, as in the YouTube-VIS evaluator (larger than COCO's).
AREA_RANGES = {
    'all': (0, 1e10),
    'small': (0, 128**2),
    'medium': (128**2, 256**2),
    'large': (256**2, 1e10),
}
MAX_TRACKS = (1, 10, 100)
OCCLUSION_SCORES = {'no_occlusion': 0.0, 'slight_occlusion': 0.25, 'severe_occlusion': 0.75}
# Both ends belong to a level, so an object may count in two.
OCCLUSION_LEVELS = {'slight': (0, 0.25), 'moderate': (0.25, 0.5), 'severe': (0.5, 1)}


def vis_ap(ground_truth: Dict, results: Sequence[Dict]) -> Dict[str, Union[float, Dict]]:
    """Scores predicted tracks against a YouTube-VIS annotation.

    Args:
        ground_truth: Content of a native YouTube-VIS json: ``videos`` (``id``, ``height``,
            ``width``), ``categories`` (``id``, ``name``) and ``annotations`` (``video_id``,
            ``category_id``, ``segmentations``, optionally ``areas``, ``iscrowd`` and, for OVIS,
            ``occlusion``).
        results: One dict per predicted track: ``video_id``, ``category_id``, ``score`` and
            ``segmentations``. In both, ``segmentations`` has one entry per frame: an RLE, polygons,
            or ``None`` where the object is absent.

    Returns:
        ``AP`` (mean over IoU 0.50:0.05:0.95), ``AP50``, ``AP75``, ``APs``, ``APm``, ``APl``,
        ``AR1``, ``AR10`` and ``AR100`` in [0, 1], and ``per_class``: class name -> AP. A figure
        without any ground truth is -1, and such classes are left out of the means. If an annotation
        has ``occlusion``, also ``AP_slight``, ``AP_moderate`` and ``AP_severe``.

    Raises:
        UserError: For annotations or results that cannot be scored; it names the video and track.
    """
    return summarize_tracks(evaluate_tracks(ground_truth, results))


def evaluate_tracks(ground_truth: Dict, results: Sequence[Dict]) -> '_TrackEval':
    """Matches the tracks of :func:`vis_ap`, whose arguments these are, without summing up.

    Returns:
        A ``COCOeval`` with ``eval['precision']`` (T, R, K, A, M), ``eval['recall']`` (T, K, A, M)
        and ``ious[video id, category id]`` (predictions by falling score, objects), or ``[]``.
    """
    check_ground_truth(ground_truth, 'The ground truth')
    videos = {video['id']: video for video in ground_truth['videos']}
    categories = {category['id']: category['name'] for category in ground_truth['categories']}
    truths = [
        _read_track(track, f'annotation {track.get("id", index)}', videos, categories)
        for index, track in enumerate(ground_truth['annotations'])
    ]
    predictions = [
        _read_track(track, f'result {index}', videos, categories, scored=True)
        for index, track in enumerate(results)
    ]
    _check_lengths(truths + predictions)

    evaluation = _TrackEval(truths, predictions, sorted(videos), categories)
    evaluation.run()
    return evaluation


def check_ground_truth(ground_truth: Dict, name: str) -> None:
    """Raises a UserError that starts with ``name`` if the annotation cannot be scored against."""
    for part, keys in (('videos', ('id', 'height', 'width')), ('categories', ('id', 'name')),
                       ('annotations', ('video_id', 'category_id', 'segmentations'))):
        entries = ground_truth.get(part) if isinstance(ground_truth, dict) else None
        if not isinstance(entries, list):
            raise UserError(
                f'{name} has no list of {part}, as in the files of hidden test splits: AP needs a '
                'native YouTube-VIS json with videos, categories and annotations')
        for index, entry in enumerate(entries):
            missing = [key for key in keys if not isinstance(entry, dict) or key not in entry]
            if missing:
                raise UserError(f'{name}: entry {index} of {part} lacks {", ".join(missing)}')


def track_ious(first: Sequence[List], second: Sequence[List]) -> np.ndarray:
    """IoU of every pair of tracks of one video, over all its frames together.

    Args:
        first, second: N and M tracks, each one compressed RLE or ``None`` per frame.

    Returns:
        float array (N, M); 0 where neither track has a pixel.
    """
    areas = [np.array([sum(map(area, t)) for t in tracks], dtype=np.int64)
             for tracks in (first, second)]
    shared = np.zeros((len(first), len(second)), dtype=np.int64)
    for rows, columns in zip(zip(*first), zip(*second)):
        row_ids = [i for i, rle in enumerate(rows) if rle is not None]
        column_ids = [j for j, rle in enumerate(columns) if rle is not None]
        shared[np.ix_(row_ids, column_ids)] += intersections(
            [rows[i] for i in row_ids], [columns[j] for j in column_ids])
    union = areas[0][:, None] + areas[1][None, :] - shared
    return shared / np.maximum(union, 1)


class _TrackEval(COCOeval):
    """COCOeval whose images are videos and whose instances are tracks."""

    def __init__(self, truths, predictions, video_ids, categories, known_ious=None) -> None:
        super().__init__(iouType='segm')
        self.params.imgIds = video_ids
        self.params.catIds = sorted(categories)
        self.params.maxDets = list(MAX_TRACKS)
        self.params.areaRng = [list(limits) for limits in AREA_RANGES.values()]
        self.params.areaRngLbl = list(AREA_RANGES)
        self.truths = truths
        self.predictions = predictions
        self.categories = categories
        self.known_ious = known_ious or {}

    def run(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
            self.evaluate()
            self.accumulate()

    def at_occlusion(self, limits: Sequence[float]) -> '_TrackEval':
        """The same with all objects ignored whose occlusion lies outside ``limits``."""
        truths = [
            dict(t, ignore=t['ignore'] or t['occlusion'] is None
                 or not limits[0] <= t['occlusion'] <= limits[1]) for t in self.truths
        ]
        level = _TrackEval(truths, self.predictions, self.params.imgIds, self.categories, self.ious)
        level.run()
        return level

    def _prepare(self) -> None:
        self._gts, self._dts = defaultdict(list), defaultdict(list)
        for groups, tracks in ((self._gts, self.truths), (self._dts, self.predictions)):
            for number, track in enumerate(tracks, start=1):
                track['id'] = number  # COCOeval takes 0 for "unmatched"
                groups[track['video_id'], track['category_id']].append(track)

    def computeIoU(self, imgId, catId):
        if (imgId, catId) in self.known_ious:
            return self.known_ious[imgId, catId]
        truths, predictions = self._gts[imgId, catId], self._dts[imgId, catId]
        if not truths or not predictions:
            return []
        # The order in which COCOeval reads the rows.
        order = np.argsort([-p['score'] for p in predictions], kind='mergesort')
        predictions = [predictions[i] for i in order[:self.params.maxDets[-1]]]
        return track_ious([p['segmentations'] for p in predictions],
                          [t['segmentations'] for t in truths])


def find_track_problem(track: Dict, videos: Dict, categories: Collection[int],
                       scored: bool = True) -> str:
    """What is wrong with a result or annotation, its masks aside, with the cure.

    Args:
        track: The entry of the file.
        videos: Id -> video of the annotation.
        categories: The known category ids.
        scored: Whether it needs a score.

    Returns:
        The end of a sentence that begins with the entry's name; empty if nothing is wrong.
    """
    keys = ('video_id', 'category_id', 'segmentations', *(['score'] if scored else []))
    if not isinstance(track, dict):
        return f'is {track!r}: it must be a dict with {", ".join(keys)}'
    missing = [key for key in keys if key not in track]
    if missing:
        return f'lacks {", ".join(missing)}: write the file again'
    if track['video_id'] not in videos:
        return (f'is of video {track["video_id"]!r}, which is not among the {len(videos)} videos '
                'of the ground truth: take the annotation it was made for')
    name = f'of video {track["video_id"]}'
    if track['category_id'] not in categories:
        return (f'{name} has the unknown category {track["category_id"]!r}: the ground truth has '
                f'{sorted(categories)}')
    if not isinstance(track['segmentations'], list):
        return (f'{name} has the segmentations {track["segmentations"]!r}: give a list with one '
                'entry per frame, null where it is absent')
    if scored and not _is_finite(track['score']):
        return f'{name} has the score {track["score"]!r}: every result needs a finite number'
    return ''


def _is_finite(value) -> bool:
    return isinstance(value, (int, float, np.number)) and math.isfinite(value)


def _read_track(track: Dict, name: str, videos: Dict, categories: Dict,
                scored: bool = False) -> Dict:
    """Checks one annotation or result and returns it with compressed RLEs and its mean area."""
    problem = find_track_problem(track, videos, categories, scored)
    if problem:
        raise UserError(f'{name} {problem}')
    video, category = videos[track['video_id']], track['category_id']
    segmentations = _read_masks(track['segmentations'], f'{name} of video {video["id"]}', video)
    areas = [a for a in track.get('areas') or map(area, segmentations) if a]
    return dict(
        name=f'{name} of video {video["id"]}',
        video_id=video['id'],
        category_id=category,
        segmentations=segmentations,
        area=np.mean(areas) if areas else 0.0,
        iscrowd=int(track.get('iscrowd') or 0),
        ignore=int(track.get('iscrowd') or 0),
        score=float(track['score']) if scored else None,
        occlusion=_read_occlusion(track.get('occlusion'), name))


def _read_masks(segmentations: List, name: str, video: Dict) -> List[Optional[Dict]]:
    size = video['height'], video['width']
    # Lists are polygons, or empty.
    rles = [None if isinstance(segmentation, list) else segmentation
            for segmentation in segmentations]
    for frame, problem in enumerate(rle_problems(rles, [size] * len(rles))):
        if problem:
            raise UserError(f'{name}, frame {frame}: {problem}')
    return [to_rle(segmentation, *size) for segmentation in segmentations]


def _read_occlusion(levels: Optional[List], name: str) -> Optional[float]:
    """Occlusion of an object in [0, 0.75]: the mean over the half of its frames in which it is
    occluded the most; None where it is not annotated."""
    unknown = [level for level in levels or [] if level and level not in OCCLUSION_SCORES]
    if unknown:
        raise UserError(f'{name} has the occlusion {unknown[0]!r}: it must be null or one of '
                        f'{list(OCCLUSION_SCORES)}, as in OVIS')
    scores = sorted(OCCLUSION_SCORES[level] for level in levels or [] if level)
    return float(np.mean(scores[-math.ceil(len(scores) / 2):])) if scores else None


def _check_lengths(tracks: Sequence[Dict]) -> None:
    """All tracks of a video must count the same frames, else masks would be compared askew."""
    longest: Dict = {}
    for track in tracks:
        reference = longest.setdefault(track['video_id'], track)
        lengths = len(reference['segmentations']), len(track['segmentations'])
        if lengths[0] != lengths[1]:
            raise UserError(
                f'{track["name"]} has {lengths[1]} segmentations, but {reference["name"]} has '
                f'{lengths[0]}: give one entry per frame of the video, null where it is absent')


def summarize_tracks(evaluation: _TrackEval) -> Dict[str, Union[float, Dict]]:
    """The figures of :func:`vis_ap`, unrounded, from what :func:`evaluate_tracks` gives."""
    precision, recall = evaluation.eval['precision'], evaluation.eval['recall']
    scores = dict(
        AP=mean_of_valid(precision[..., 0, -1]),
        AP50=mean_of_valid(precision[0, ..., 0, -1]),
        AP75=mean_of_valid(precision[5, ..., 0, -1]))
    for index, area_range in enumerate(AREA_RANGES):
        if area_range != 'all':
            scores[f'AP{area_range[0]}'] = mean_of_valid(precision[..., index, -1])
    for index, limit in enumerate(MAX_TRACKS):
        scores[f'AR{limit}'] = mean_of_valid(recall[..., 0, index])
    if any(truth['occlusion'] is not None for truth in evaluation.truths):
        for level, limits in OCCLUSION_LEVELS.items():
            precision_at_level = evaluation.at_occlusion(limits).eval['precision']
            scores[f'AP_{level}'] = mean_of_valid(precision_at_level[..., 0, -1])
    scores['per_class'] = {
        evaluation.categories[category_id]: mean_of_valid(precision[:, :, k, 0, -1])
        for k, category_id in enumerate(evaluation.params.catIds)
    }
    return scores


def mean_of_valid(values: np.ndarray) -> float:
    """Mean over what has ground truth; -1, as COCOeval marks the rest, where nothing has."""
    values = values[values > -1]
    return float(values.mean()) if values.size else -1.0
