"""HOTA and identity switches of video instance segmentation, computed by TrackEval.

AP takes a track as right or wrong as a whole; these see an identity that changes on the way.

Sources: Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV
2021; Bernardin and Stiefelhagen, "The CLEAR MOT Metrics", 2008; https://pypi.org/project/trackeval.
"""
from typing import Dict, List, Sequence

import numpy as np

from ausm_mm.errors import UserError
from .rle import area, pairwise_iou
from .vis_ap import evaluate_tracks


def hota(ground_truth: Dict, results: Sequence[Dict], min_score: float) -> Dict[str, float]:
    """Scores the tracks above a score, class by class.

    Args:
        ground_truth, results: As in :func:`.vis_ap.vis_ap`. Crowd tracks are left out.
        min_score: Tracks below it are dropped: unlike AP these figures have no use for the
            uncertain rest.

    Returns:
        ``HOTA``, ``DetA`` and ``AssA`` in [0, 1], means over the classes that have an object or a
        prediction (0 if there is none), and ``IDSW``, the number of identity switches at an IoU of
        0.5.

    Raises:
        UserError: If TrackEval is not installed, or as in :func:`.vis_ap.vis_ap`.
    """
    metrics = load_trackeval()
    evaluation = evaluate_tracks(ground_truth, results)
    truths = [track for track in evaluation.truths if not track['iscrowd']]
    predictions = [track for track in evaluation.predictions if track['score'] >= min_score]
    per_class = {name: {} for name in metrics}
    for category_id in evaluation.params.catIds:
        sequences = [
            _sequence([t['segmentations'] for t in truths if _is_of(t, video_id, category_id)],
                      [p['segmentations'] for p in predictions if _is_of(p, video_id, category_id)])
            for video_id in evaluation.params.imgIds
        ]
        sequences = [s for s in sequences if s['num_gt_dets'] or s['num_tracker_dets']]
        for name, metric in metrics.items() if sequences else ():
            per_class[name][category_id] = metric.combine_sequences(
                {index: metric.eval_sequence(data) for index, data in enumerate(sequences)})
    figures = {
        key: float(np.mean([result[key].mean() for result in per_class['HOTA'].values()] or [0]))
        for key in ('HOTA', 'DetA', 'AssA')
    }
    return dict(figures, IDSW=int(sum(result['IDSW'] for result in per_class['CLEAR'].values())))


def load_trackeval() -> Dict:
    """TrackEval's metrics by name; a UserError if it is not installed."""
    try:
        from trackeval.metrics import CLEAR, HOTA
    except ImportError:
        raise UserError('HOTA needs the package trackeval, which is not installed: '
                        'pip install -e ".[hota]"') from None
    return dict(HOTA=HOTA(), CLEAR=CLEAR(dict(THRESHOLD=0.5, PRINT_CONFIG=False)))


def _is_of(track: Dict, video_id: int, category_id: int) -> bool:
    return track['video_id'] == video_id and track['category_id'] == category_id


def _sequence(truths: Sequence[List], predictions: Sequence[List]) -> Dict:
    """The tracks of one class and video, each one RLE or None per frame, for TrackEval."""
    # A track without a pixel has no id of its own there.
    truths, predictions = ([track for track in tracks if any(map(area, track))]
                           for tracks in (truths, predictions))
    n_frames = len((truths + predictions)[0]) if truths + predictions else 0
    ids, detections = [], []
    for tracks in (truths, predictions):
        ids.append([np.array([i for i, track in enumerate(tracks) if area(track[frame])], dtype=int)
                    for frame in range(n_frames)])
        detections.append(sum(map(len, ids[-1])))
    similarity = [
        pairwise_iou([truths[i][frame] for i in ids[0][frame]],
                     [predictions[i][frame] for i in ids[1][frame]]) for frame in range(n_frames)
    ]
    return dict(
        num_timesteps=n_frames,
        gt_ids=ids[0],
        tracker_ids=ids[1],
        num_gt_ids=len(truths),
        num_tracker_ids=len(predictions),
        num_gt_dets=detections[0],
        num_tracker_dets=detections[1],
        similarity_scores=similarity)
