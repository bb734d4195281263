"""Trivial methods run over a data set, to be printed next to a model's figures."""
from typing import Iterator

import torch
from torch.utils.data import Dataset

from ausm_mm.evaluation.functional.baselines import copy_first_mask, link_by_iou
from ausm_mm.models import AUSM
from ausm_mm.structures import ClipDataSample


def first_mask_copied(dataset: Dataset) -> Iterator[ClipDataSample]:
    """Samples of a prompted test set, every object with its prompt's mask in all later frames."""
    for i in range(len(dataset)):
        sample = dataset[i]['data_samples']
        sample.pred_tracks = copy_first_mask(sample)
        yield sample


@torch.no_grad()
def per_frame_linked(model: AUSM, dataset: Dataset) -> Iterator[ClipDataSample]:
    """Samples of an unprompted test set: each frame is segmented as if it were a video of its
    own, without history, and the detections are linked by mask overlap."""
    model.eval()
    for i in range(len(dataset)):
        item = dataset[i]
        data = model.data_preprocessor(
            dict(inputs=[item['inputs']], data_samples=[item['data_samples']]))
        frames, sample = data['inputs'][0], data['data_samples'][0]
        detections = []
        for t in range(len(frames)):
            model.predict([[frames[t]]], [sample])
            detections.append([(track.label, track.score, track.segmentations[0])
                               for track in sample.pred_tracks if track.segmentations[0]])
        sample.pred_tracks = link_by_iou(detections)
        yield sample
