"""Figures of benchmarks for video object segmentation, from the J and F of every frame.

DAVIS 2017 (and MOSE, which took it over): Pont-Tuset et al., "The 2017 DAVIS Challenge on Video
Object Segmentation", and https://github.com/davisvideochallenge/davis2017-evaluation.
YouTube-VOS: Xu et al., "YouTube-VOS: A Large-Scale Video Object Segmentation Benchmark", 2018.
"""
from typing import Any, Collection, Dict, Hashable, List, Mapping, Sequence

import numpy as np

from ausm_mm.errors import UserError
from .davis import FrameScore

N_BINS = 4  # quarters of a sequence that the decay compares
RECALL_THRESHOLD = 0.5
# sequence name -> object id -> scored frames
VideoScores = Mapping[str, Mapping[int, Sequence[FrameScore]]]


def frame_statistics(values: Sequence[float]) -> Dict[str, float]:
    """Mean, recall and decay of one object's J or F over its scored frames (at least one).

    Recall is the share of frames above 0.5, decay the mean of the first quarter of the frames minus
    that of the last; neighbouring quarters share a frame. (The toolkit counts frames in 8 bits, so
    that its decay is wrong beyond 256 frames; this one's is not.)
    """
    values = np.asarray(values, dtype=float)
    edges = np.round(np.linspace(1, len(values), N_BINS + 1) + 1e-10).astype(int) - 1
    first, last = values[edges[0]:edges[1] + 1], values[edges[-2]:edges[-1] + 1]
    return dict(
        mean=float(values.mean()),
        recall=float((values > RECALL_THRESHOLD).mean()),
        decay=float(first.mean() - last.mean()))


def summarize_vos(scores: VideoScores) -> Dict[str, Any]:
    """The DAVIS 2017 figures of every object, every sequence and the total.

    Args:
        scores: Of each sequence and object, as :func:`.davis.score_sequence` gives them. Objects
            without a scored frame are left out.

    Returns:
        ``J``, ``F`` and ``J&F`` (the mean of the two), each with ``mean``, ``recall`` and
        ``decay``, means over all objects; the same in ``per_sequence[sequence]``, means over its
        objects, and in ``per_object[sequence][object_id]``.

    Raises:
        UserError: If no object has a scored frame.
    """
    per_object = {
        name: {object_id: _with_average({
            key: frame_statistics([frame[key] for frame in frames]) for key in 'JF'})
            for object_id, frames in objects.items() if frames}
        for name, objects in scores.items()
    }
    everything = [figures for objects in per_object.values() for figures in objects.values()]
    if not everything:
        raise UserError(
            'No object has a frame to score: neither the prompt\'s frame nor the last frame of '
            'a sequence counts, so an object needs at least one frame between them')
    return dict(
        _mean_over_objects(everything),
        per_sequence={name: _mean_over_objects(list(objects.values()))
                      for name, objects in per_object.items() if objects},
        per_object=per_object)


def youtube_vos_summary(scores: VideoScores, categories: Mapping[str, Mapping[int, Hashable]],
                        seen: Collection[Hashable]) -> Dict[str, float]:
    """G of YouTube-VOS, and what it is the mean of.

    Args:
        scores: Scored with ``skip_last=False``: every annotated frame after an object's first one.
        categories: Sequence name -> object id -> category.
        seen: The categories of the training set.

    Returns:
        ``G`` and the means over objects ``J_seen``, ``J_unseen``, ``F_seen``, ``F_unseen``. Where
        there is no seen or no unseen object, its figures are left out of G and of the result.

    Raises:
        UserError: If an object has no category, or there is nothing to score.
    """
    means: Dict[str, List[float]] = {}
    for name, objects in scores.items():
        for object_id, frames in objects.items():
            category = categories.get(name, {}).get(object_id)
            if category is None:
                raise UserError(f'object {object_id} of sequence {name} has no category: give the '
                                'meta.json that belongs to the ground truth')
            group = 'seen' if category in seen else 'unseen'
            for key in 'JF' if frames else '':
                means.setdefault(f'{key}_{group}', []).append(
                    np.mean([frame[key] for frame in frames]))
    if not means:
        raise UserError('No object has a frame to score: each needs one after its first')
    figures = {key: float(np.mean(means[key]))
               for key in ('J_seen', 'J_unseen', 'F_seen', 'F_unseen') if key in means}
    return dict(G=float(np.mean(list(figures.values()))), **figures)


def _mean_over_objects(objects: Sequence[Mapping[str, Mapping[str, float]]]) -> Dict[str, Dict]:
    return _with_average({
        key: {name: float(np.mean([figures[key][name] for figures in objects]))
              for name in ('mean', 'recall', 'decay')} for key in 'JF'})


def _with_average(figures: Dict[str, Dict[str, float]]) -> Dict[str, Dict[str, float]]:
    average = {name: (figures['J'][name] + figures['F'][name]) / 2 for name in figures['J']}
    return {**figures, 'J&F': average}
