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
from collections import defaultdict
from typing import Dict, List, Sequence, Union

import numpy as np
from pycocotools.cocoeval import COCOeval

from .annotation import TRACKS, check_annotation
from .rle import areas, intersections, shared_pixels
from .tracks import check_lengths, read_tracks

# Mean pixels per visible frame, as in the YouTube-VIS evaluator (larger than COCO's).
AREA_RANGES = {
    'all': (0, 1e10),
    'small': (0, 128**2),
    'medium': (128**2, 256**2),
    'large': (256**2, 1e10),
}
MAX_TRACKS = (1, 10, 100)
# Up to here overlaps are faster found pair by pair: pycocotools takes longer to prepare for many.
FEW_PAIRS = 4
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
    check_annotation(ground_truth, 'The ground truth', TRACKS)
    videos = {video['id']: video for video in ground_truth['videos']}
    categories = {category['id']: category['name'] for category in ground_truth['categories']}
    annotations = ground_truth['annotations']
    truths = read_tracks(
        annotations, [f'annotation {track.get("id", index)}'
                      for index, track in enumerate(annotations)], videos, categories)
    predictions = read_tracks(
        results, [f'result {index}' for index in range(len(results))], videos, categories,
        scored=True)
    check_lengths(truths + predictions)

    evaluation = _TrackEval(truths, predictions, sorted(videos), categories)
    evaluation.run()
    return evaluation


def track_ious(first: Sequence[List], second: Sequence[List]) -> np.ndarray:
    """IoU of every pair of tracks of one video, over all its frames together.

    Args:
        first, second: N and M tracks, each one compressed RLE or ``None`` per frame.

    Returns:
        float array (N, M); 0 where neither track has a pixel.
    """
    if not first or not second:
        return np.zeros((len(first), len(second)))
    # (N, T) and (M, T)
    first_areas, second_areas = (np.stack([areas(track) for track in tracks])
                                 for tracks in (first, second))
    if len(first) * len(second) < FEW_PAIRS:
        shared = np.array([[shared_pixels(a, b) for b in second] for a in first])
    else:
        shared = np.zeros((len(first), len(second)), np.int64)
        for frame in (first_areas.any(0) & second_areas.any(0)).nonzero()[0]:
            rows, columns = first_areas[:, frame].nonzero()[0], second_areas[:, frame].nonzero()[0]
            shared[rows[:, None], columns] += intersections(
                [first[i][frame] for i in rows], [second[j][frame] for j in columns],
                first_areas[rows, frame])
    union = first_areas.sum(1)[:, None] + second_areas.sum(1) - shared
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

    def evaluateImg(self, imgId, catId, aRng, maxDet):
        predictions = self._dts[imgId, catId]
        if self._gts[imgId, catId] or not predictions:
            return super().evaluateImg(imgId, catId, aRng, maxDet)
        # Nothing to match, as for most classes of a video: what COCOeval gives, at a fifth of the
        # cost.
        best = sorted(predictions, key=lambda p: -p['score'])[:maxDet]
        outside = [not aRng[0] <= p['area'] <= aRng[1] for p in best]
        ignored = np.array([outside] * len(self.params.iouThrs))
        return dict(
            dtScores=[p['score'] for p in best],
            dtMatches=np.zeros(ignored.shape),
            dtIgnore=ignored,
            gtIgnore=np.array([]))


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
