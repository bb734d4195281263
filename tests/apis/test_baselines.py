"""The trivial methods on a data set of one video: a disc of class 1 that moves to the right."""
import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils

from ausm_mm.apis import first_mask_copied, per_frame_linked
from ausm_mm.datasets import YouTubeVISDataset
from ausm_mm.models.trackers import FramePrediction
from ausm_mm.registry import METRICS, MODELS

HEIGHT, WIDTH, T = 32, 48, 4


def disc(t: int) -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return (y - 16) ** 2 + (x - 10 - 2 * t) ** 2 < 81


def rle(mask: np.ndarray) -> dict:
    return mask_utils.encode(np.asfortranarray(mask, np.uint8))


@pytest.fixture
def ann_file(tmp_path):
    """The disc appears in frame 1."""
    segmentations = [None]
    for t in range(T):
        assert cv2.imwrite(str(tmp_path / f'{t}.png'), np.full((HEIGHT, WIDTH, 3), 9 * t, np.uint8))
        if t:
            encoded = rle(disc(t))
            segmentations.append(dict(encoded, counts=encoded['counts'].decode()))
    path = tmp_path / 'ann.json'
    path.write_text(json.dumps(dict(
        videos=[dict(id=3, name='video', height=HEIGHT, width=WIDTH,
                     file_names=[f'{t}.png' for t in range(T)])],
        categories=[dict(id=1, name='square'), dict(id=2, name='disc')],
        annotations=[dict(id=8, video_id=3, category_id=2, iscrowd=0,
                          segmentations=segmentations)])))
    return path


@pytest.fixture
def dataset(ann_file):
    """Function (task) -> the data set."""
    init_default_scope('ausm_mm')
    return lambda task: YouTubeVISDataset(
        ann_file=str(ann_file), data_prefix=dict(img=str(ann_file.parent)), task=task,
        dataset_name='shapes', test_mode=True,
        pipeline=[dict(type='LazyFrames'), dict(type='PackVideo')])


def score(metric, samples) -> dict:
    samples = list(samples)
    metric.process(None, [sample.to_dict() for sample in samples])
    return metric.evaluate(len(samples))


def test_first_mask_copied(dataset):
    sample, = first_mask_copied(dataset('prompted'))
    track, = sample.pred_tracks
    assert (track.object_id, track.label, track.score) == (8, 1, 1.0)
    assert track.segmentations == [None] + [rle(disc(1))] * 3
    # Neither the prompt's frame 1 nor the last one counts: J of frame 2 alone
    overlap = (disc(1) & disc(2)).sum() / (disc(1) | disc(2)).sum()
    scores = score(METRICS.build(dict(type='VOSMetric')), [sample])
    assert scores['vos/J'] == pytest.approx(overlap)


@pytest.fixture
def model():
    """Tiny and untrained."""
    torch.manual_seed(0)
    position = dict(type='SinePositionalEncoding', num_feats=8, normalize=True)
    return MODELS.build(dict(
        type='AUSM',
        data_preprocessor=dict(type='ClipDataPreprocessor', pad_divisor=16),
        backbone=dict(type='TinyConvNet', channels=(8, 8, 8, 8)),
        pixel_encoder=dict(type='FPNPixelEncoder', in_channels=(8, 8, 8, 8), feat_channels=16,
                           out_channels=16, num_outs=2),
        marker=dict(type='HistoryMarker', embed_dims=16, num_ids=6),
        compressor=dict(
            type='HistoryCompressor', embed_dims=16, num_layers=1, num_heads=2,
            feedforward_channels=32, positional_encoding=position, mixer=dict(type='Mamba')),
        history_decoder=dict(
            type='HistoryDecoder', embed_dims=16, num_layers=1, num_heads=2,
            feedforward_channels=32, positional_encoding=position),
        head=dict(type='QueryDecoderHead', num_classes=dict(shapes=2), embed_dims=16,
                  num_queries=5, num_layers=1, num_heads=2, feedforward_channels=32, num_levels=2,
                  positional_encoding=position, loss=dict(type='QueryLoss', num_points=0))))


@pytest.fixture
def perfect_step(model, monkeypatch):
    """Let the model see the disc in each frame it is shown, and remember what it was shown."""
    shown = []

    def step(frame, image_size, state):
        # From the normalised grey value back to the number of the frame
        preprocessor = model.data_preprocessor
        grey = (frame[0] * preprocessor.std + preprocessor.mean)[0, 0, 0]
        t = round(float(grey) / 9)
        shown.append((t, state.feature is None, len(state.rows)))
        found = int(t > 0)
        logits = torch.from_numpy(np.where(disc(t), 9., -9.)).float()[None]
        return FramePrediction(
            torch.arange(1, 1 + found), torch.tensor([[.1, .8, .1]])[:found], logits[:found],
            tuple(frame.shape[-2:]), image_size), state

    monkeypatch.setattr(model, 'step', step)
    return shown


def test_per_frame_linked(model, dataset, perfect_step, ann_file):
    sample, = per_frame_linked(model, dataset('unprompted'))
    assert perfect_step == [(t, True, 0) for t in range(T)]  # no history in any frame
    track, = sample.pred_tracks
    assert (track.object_id, track.label) == (1, 1)
    assert track.score == pytest.approx(0.8 * 3 / 4)  # the mean over all frames
    assert track.segmentations == [None] + [rle(disc(t)) for t in range(1, T)]
    metric = METRICS.build(dict(type='VISMetric', ann_file=str(ann_file)))
    assert score(metric, [sample])['vis/AP'] == pytest.approx(1)


def test_per_frame_linked_runs_the_model(model, dataset):
    """As it is: whatever an untrained model finds, tracks have an entry a frame."""
    model.train()
    sample, = per_frame_linked(model, dataset('unprompted'))
    assert not model.training
    assert all(len(track.segmentations) == T for track in sample.pred_tracks)
    assert len({track.object_id for track in sample.pred_tracks}) == len(sample.pred_tracks)
