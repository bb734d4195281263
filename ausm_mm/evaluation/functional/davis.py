"""Region similarity J and boundary accuracy F of video object segmentation, as DAVIS defines them.

Source: Perazzi et al., "A Benchmark Dataset and Evaluation Methodology for Video Object
Segmentation", CVPR 2016, and https://github.com/davisvideochallenge/davis2017-evaluation.

Which frames count (the DAVIS 2017 semi-supervised protocol, extended to objects that start late):

* an object is prompted in its first annotated frame and scored from the next frame on;
* the last frame of a sequence is not scored (YouTube-VOS scores it: ``skip_last=False``);
* where the object is hidden, J = F = 1 for an empty prediction and 0 for any other;
* an object's figure is its mean over its frames, a total the mean over the objects. A sequence's is
  the mean over its own objects, so the total is not the mean over sequences.
"""
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from ausm_mm.errors import UserError
from .rle import area, decode

if TYPE_CHECKING:  # else scoring files would import torch
    from ausm_mm.structures import Track

BOUND_TH = 0.008
# One scored frame: {'frame': int, 'J': float, 'F': float, 'hidden': bool, 'empty': bool}
FrameScore = Dict[str, Union[int, float, bool]]


def region_similarity(prediction: np.ndarray, ground_truth: np.ndarray) -> float:
    """J: intersection over union of two bool masks (H, W); 1 if both are empty."""
    union = np.count_nonzero(prediction | ground_truth)
    return np.count_nonzero(prediction & ground_truth) / union if union else 1.0


def boundary_accuracy(
        prediction: np.ndarray, ground_truth: np.ndarray, bound_th: float = BOUND_TH) -> float:
    """F: harmonic mean of the precision and recall of the boundary pixels of two masks.

    Args:
        prediction, ground_truth: bool masks (H, W).
        bound_th: How far apart two boundaries may lie to agree, as a share of the image diagonal
            (rounded up to whole pixels).

    Returns:
        F in [0, 1]; 1 if neither mask has a boundary, 0 if only one has.
    """
    radius = math.ceil(bound_th * math.hypot(*ground_truth.shape))
    window = _joint_window(prediction, ground_truth)
    boundaries = [mask_boundary(mask[window]) for mask in (prediction, ground_truth)]
    predicted, true = (_pack(boundary, radius) for boundary in boundaries)
    n_predicted, n_true = predicted.bit_count(), true.bit_count()
    if not n_predicted or not n_true:
        return float(n_predicted == n_true)
    stride = boundaries[0].shape[1] + radius
    precision = (predicted & _dilate(true, stride, radius)).bit_count() / n_predicted
    recall = (true & _dilate(predicted, stride, radius)).bit_count() / n_true
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def mask_boundary(mask: np.ndarray) -> np.ndarray:
    """Pixels of a bool mask (H, W) that differ from their right, lower or lower right neighbour.

    The boundary is one pixel wide and lies half a pixel towards the origin (``seg2bmap`` of the
    Berkeley segmentation benchmark). The edge of the image is no boundary.
    """
    boundary = np.zeros_like(mask)
    boundary[:, :-1] = mask[:, :-1] ^ mask[:, 1:]
    boundary[:-1] |= mask[:-1] ^ mask[1:]
    boundary[:-1, :-1] |= mask[:-1, :-1] ^ mask[1:, 1:]
    return boundary


def score_sequence(predictions: Sequence[Track], ground_truths: Sequence[Track],
                   size: Tuple[int, int], name: str, annotated: Optional[Sequence[int]] = None,
                   skip_last: bool = True) -> Dict[int, List[FrameScore]]:
    """J and F of every object in every scored frame of one sequence.

    Args:
        predictions: Predicted tracks; an object without one counts as predicted empty.
        ground_truths: Annotated tracks. One without a pixel was never prompted: it is left out.
        size: Height and width of the frames, in pixels.
        name: Name of the sequence, for messages.
        annotated: The frames whose masks are known, in order; ``None`` for all.
        skip_last: Leave out the last annotated frame, as DAVIS and MOSE do.

    Returns:
        Object id -> scored frames in order, each with ``frame`` (position in the sequence), ``J``,
        ``F``, ``hidden`` (the object is absent) and ``empty`` (nothing was predicted). The list is
        empty for an object that is prompted in one of the last two annotated frames.

    Raises:
        ValueError: If a prediction is of an unknown object or another size or length.
    """
    by_id = _index_tracks(predictions, ground_truths, name)
    scores = {}
    for truth in ground_truths:
        present = [frame for frame, rle in enumerate(truth.segmentations) if area(rle)]
        if not present:
            continue
        n_frames = len(truth.segmentations)
        frames = range(n_frames) if annotated is None else annotated
        predicted = by_id.get(truth.object_id)
        segmentations = predicted.segmentations if predicted else [None] * n_frames
        where = f'object {truth.object_id} of sequence {name}'
        _check_masks(segmentations, n_frames, size, f'The prediction of {where}')
        _check_masks(truth.segmentations, n_frames, size, f'The ground truth of {where}')
        scores[truth.object_id] = [
            _score_frame(frame, decode(segmentations[frame], *size),
                         decode(truth.segmentations[frame], *size))
            for frame in (frames[:-1] if skip_last else frames) if frame > present[0]
        ]
    return scores


def score_label_maps(pairs: Iterable[Tuple[np.ndarray, np.ndarray]], n_frames: int, name: str,
                     skip_last: bool = True) -> Dict[int, List[FrameScore]]:
    """As :func:`score_sequence`, from label maps that are read one frame at a time.

    Args:
        pairs: Prediction and ground truth of each annotated frame, in order: uint8 (H, W) of one
            size, object ids and 0 for the background.
        n_frames: The number of pairs.
        name: Name of the sequence, for messages.
        skip_last: Leave out the last frame, as DAVIS and MOSE do.

    Raises:
        UserError: If an object is predicted that the ground truth never shows.
    """
    scores: Dict[int, List[FrameScore]] = {}
    predicted_ids = set()
    for frame, (prediction, truth) in enumerate(pairs):
        if frame < n_frames - skip_last:
            for object_id, object_scores in scores.items():
                object_scores.append(
                    _score_frame(frame, prediction == object_id, truth == object_id))
        predicted_ids.update(object_ids(prediction))
        for object_id in object_ids(truth):
            scores.setdefault(object_id, [])
    unknown = sorted(predicted_ids - set(scores))
    if unknown:
        raise UserError(f'sequence {name} has predictions of objects {unknown}, but its ground '
                        f'truth only has {sorted(scores)}: keep the ids of the first masks')
    return scores


def object_ids(label_map: np.ndarray) -> List[int]:
    """The ids above 0 in a uint8 label map (H, W), in order."""
    # A third of the time of np.bincount, which widens all pixels to 64 bits.
    counts = cv2.calcHist([label_map], [0], None, [256], [0, 256])
    return (np.flatnonzero(counts[1:]) + 1).tolist()


def summarize_objects(objects: Sequence[Sequence[FrameScore]]) -> Dict[str, float]:
    """Means over objects of the means over their frames.

    Args:
        objects: The scored frames of each object, of one sequence or of many.

    Returns:
        ``J``, ``F``, ``J&F``; ``J_visible``: mean J over the object-frames in which the object is
        visible; ``hidden_empty``: share of the hidden object-frames in which nothing is predicted.
        A figure without any frame to average is left out.
    """
    summary = {}
    scored = [frames for frames in objects if frames]
    if scored:
        for key in ('J', 'F'):
            summary[key] = float(np.mean([np.mean([f[key] for f in frames]) for frames in scored]))
        summary['J&F'] = (summary['J'] + summary['F']) / 2
    frames = [frame for frames in scored for frame in frames]
    visible = [frame['J'] for frame in frames if not frame['hidden']]
    hidden = [frame['empty'] for frame in frames if frame['hidden']]
    if visible:
        summary['J_visible'] = float(np.mean(visible))
    if hidden:
        summary['hidden_empty'] = float(np.mean(hidden))
    return summary


def summarize_sequences(
        sequences: Mapping[str, Mapping[int, Sequence[FrameScore]]]) -> Dict[str, Dict[str, float]]:
    """Summary of each sequence: sequence name -> ``summarize_objects`` of its objects."""
    return {name: summarize_objects(list(scores.values())) for name, scores in sequences.items()}


def _score_frame(frame: int, prediction: np.ndarray, ground_truth: np.ndarray) -> FrameScore:
    return dict(
        frame=frame,
        J=region_similarity(prediction, ground_truth),
        F=boundary_accuracy(prediction, ground_truth),
        hidden=not ground_truth.any(),
        empty=not prediction.any())


def _joint_window(first: np.ndarray, second: np.ndarray) -> Tuple[slice, slice]:
    """Smallest window with every pixel of both masks and a pixel of background around them.

    Boundaries never leave it, so F is the same inside it, at a fraction of the cost.
    """
    x, y, width, height = cv2.boundingRect((first | second).view(np.uint8))
    return slice(max(y - 1, 0), y + height + 1), slice(max(x - 1, 0), x + width + 1)


def _pack(mask: np.ndarray, gap: int) -> int:
    """A bool mask (H, W) as one number with a bit per pixel, row by row, each row followed by
    ``gap`` zeros."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + gap), bool)
    padded[:, :mask.shape[1]] = mask
    return int.from_bytes(np.packbits(padded), 'big')


def _dilate(bits: int, stride: int, radius: int) -> int:
    """All pixels within ``radius`` (Euclidean, inclusive) of a pixel.

    A shift moves the whole mask: whatever is in it, this takes a fourth of the time of
    ``cv2.dilate``, which visits every pixel of the disk.

    Args:
        bits: From :func:`_pack` with ``gap=radius``, so that no row reaches into the next one. In
            the result the gaps, and what lies beyond the mask, hold anything.
        stride: Width of a row with its gap.
        radius: In pixels.
    """
    near, reach = 0, 0
    for dy in range(radius, -1, -1):
        width = math.isqrt(radius**2 - dy**2)
        while reach < width:  # a run of 2 * reach + 1 pixels and its copies leave no hole
            step = min(width - reach, 2 * reach + 1)
            bits |= bits << step | bits >> step
            reach += step
        near |= bits << dy * stride | bits >> dy * stride
    return near


def _index_tracks(predictions, ground_truths, name: str) -> Dict[int, Track]:
    by_id = {track.object_id: track for track in predictions}
    if len(by_id) < len(predictions):
        raise ValueError(f'Sequence {name} has several predictions of one object id: '
                         f'{sorted(track.object_id for track in predictions)}')
    unknown = sorted(set(by_id) - {track.object_id for track in ground_truths})
    if unknown:
        raise ValueError(
            f'Sequence {name} has predictions of objects {unknown}, which its ground truth does '
            'not hold: predict only the prompted objects, with the object ids of their prompts')
    return by_id


def _check_masks(segmentations, n_frames: int, size: Tuple[int, int], what: str) -> None:
    if len(segmentations) != n_frames:
        raise ValueError(f'{what} has {len(segmentations)} masks, but the sequence has {n_frames} '
                         'frames: give one entry per frame, None where it is absent')
    for frame, rle in enumerate(segmentations):
        if rle is not None and tuple(rle['size']) != tuple(size):
            raise ValueError(
                f'{what} has a mask of {list(rle["size"])} in frame {frame}, but the frames are '
                f'{list(size)} (height, width): resize masks to the size of the stored frames')
