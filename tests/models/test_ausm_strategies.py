"""Inference-time scaling in a stream: what is shown, what is read, prompts and ids over passes."""
import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils

from ausm_mm.models.task_modules import View
from ausm_mm.models.trackers import FramePrediction
from ausm_mm.registry import TASK_UTILS
from ausm_mm.structures import ClipDataSample, Track

CANVAS, SIZE = (32, 48), (20, 43)
PASSES, REPEATED = dict(type='VideoPasses', passes=3), dict(type='ImageRepetition', times=2)
CORNERS = dict(type='CornerTraversal')
LATE = {0: [5], 2: [9]}  # frame -> objects given there


class Frames(list):
    """T stored frames that remember which of them were decoded."""

    def __init__(self, T):
        super().__init__(torch.randint(256, (T, 3, *SIZE), dtype=torch.uint8))
        self.decoded = []

    def __getitem__(self, t):
        self.decoded.append(t)
        return super().__getitem__(t)


@pytest.fixture
def build(make_model):
    """Function (strategy, ...) -> model in evaluation mode."""
    return lambda strategy, **changes: make_model(test_strategy=strategy, **changes).eval()


def _sample(task, T, prompts=None):
    sample = ClipDataSample(metainfo=dict(
        dataset_name='shapes', task=task, exhaustive=True, video_name='video',
        frame_ids=list(range(T)), img_shape=SIZE, ori_shape=SIZE))
    sample.prompts = {}
    for t, object_ids in (prompts or {}).items():
        for object_id in object_ids:
            mask = np.zeros(SIZE, np.uint8, order='F')
            mask[2:10, object_id:object_id + 10] = 1
            rles = [mask_utils.encode(mask) if i == t else None for i in range(T)]
            sample.prompts.setdefault(t, []).append(Track(object_id, 0, 1.0, rles))
    return sample


def _inputs(model, frames):
    return model.data_preprocessor(dict(inputs=[frames], data_samples=[]))['inputs'][0]


def _stream(model, frames, sample):
    return dict(model.stream(_inputs(model, frames), sample))


@torch.no_grad()
def _by_hand(model, frames, sample, views):
    """The predictions of all views, one step after the other."""
    inputs, out = _inputs(model, frames), []
    state = model.start(sample.task, 'shapes', CANVAS, torch.Generator().manual_seed(0))
    for view in views:
        frame = view.show(inputs[view.frame], SIZE)
        prediction, state = model.step(frame, SIZE, state)
        out.append(prediction)
    return out


def _assert_equal(actual, expected):
    for a, b in zip(actual, expected, strict=True):
        assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.parametrize('strategy, shown, read', [
    (dict(type='VideoPasses', passes=2), [0, 1, 2, 1, 0], {2: 2, 1: 3, 0: 4}),
    (PASSES, [0, 1, 2, 1, 0, 1, 2], {0: 4, 1: 5, 2: 6}),
    (REPEATED, [0, 0, 1, 1, 2, 2], {0: 1, 1: 3, 2: 5}),
])
def test_predictions_are_those_of_the_views_that_count(build, strategy, shown, read):
    """Frame -> place of its view in the order of showing."""
    model, frames, sample = build(strategy), Frames(3), _sample('unprompted', 3)
    steps = _by_hand(model, frames, sample, [View(t) for t in shown])
    predictions = _stream(model, frames, sample)
    assert list(predictions) == list(read)
    for t, place in read.items():
        _assert_equal(predictions[t], steps[place])
    assert any(len(prediction.object_ids) for prediction in predictions.values())


def test_corners_of_an_image(build):
    model, frames, sample = build(CORNERS), Frames(1), _sample('unprompted', 1)
    views = list(model.test_strategy(1))
    predictions = _stream(model, frames, sample)
    _assert_equal(predictions[0], _by_hand(model, frames, sample, views)[-1])
    once = _by_hand(model, frames, sample, views[:1])[0]
    assert not torch.equal(predictions[0].mask_logits[:1], once.mask_logits[:1])


def test_views_reach_the_model(build, monkeypatch):
    """The image, its four crops over the whole canvas, the image."""
    model, frames = build(CORNERS), Frames(1)
    shown, step = [], model.step
    monkeypatch.setattr(
        model, 'step', lambda frame, *args: (shown.append(frame), step(frame, *args))[1])
    _stream(model, frames, _sample('unprompted', 1))
    image = _inputs(model, frames)[0]
    assert len(shown) == 6 and torch.equal(shown[0], image) and torch.equal(shown[-1], image)
    # 18 of 20 rows, 39 of 43 columns; the outer corner of a crop is that of the image.
    for crop, row, column in zip(shown[1:5], (0, 0, 19, 19), (0, 42, 42, 0)):
        assert torch.equal(crop[..., row, column], image[..., row, column])
        assert not torch.equal(crop[..., 19 - row, 42 - column], image[..., 19 - row, 42 - column])
        assert crop[..., 20:, :].abs().max() == 0 and crop[..., 43:].abs().max() == 0


@pytest.mark.parametrize('strategy, decoded', [
    (dict(type='VideoPasses'), [0, 1, 2]),
    (PASSES, [0, 1, 2, 1, 0, 1, 2]),
    (dict(type='ImageRepetition', times=3), [0, 1, 2]),
    (CORNERS, [0, 1, 2]),
])
def test_frames_are_decoded_when_they_are_shown(build, strategy, decoded):
    frames = Frames(3)
    stream = build(strategy)
    _stream(stream, frames, _sample('unprompted', 3))
    assert frames.decoded == decoded


def _fake_steps(model, monkeypatch, confidences):
    """Steps whose view number i sees object 1 with probability ``confidences[i]``, and in all but
    the first two views also an object 2 of probability 0.6."""
    numbers = iter(range(len(confidences)))

    def step(frame, image_size, state):
        i = next(numbers)
        ids = torch.tensor([1, 2] if i > 1 else [1])
        found = torch.tensor([confidences[i], .6][:len(ids)])
        probs = torch.stack([found, 0 * found, 0 * found, 1 - found], -1)
        return FramePrediction(ids, probs, torch.ones(len(ids), *SIZE), SIZE, SIZE), state

    monkeypatch.setattr(model, 'step', step)


def _predict(model, frames, sample):
    data = model.data_preprocessor(dict(inputs=[frames], data_samples=[sample]))
    return model(**data, mode='predict')[0].pred_tracks


def test_scores_are_means_over_the_read_views_only(build, monkeypatch):
    model = build(dict(type='VideoPasses', passes=2))
    _fake_steps(model, monkeypatch, [.99, .99, .7, .8, .9])  # frames 0, 1, 2, 1, 0
    one, two = _predict(model, Frames(3), _sample('unprompted', 3))
    assert (one.score, two.score) == (pytest.approx(.8), pytest.approx(.6))
    assert all(len(track.segmentations) == 3 and all(track.segmentations) for track in (one, two))


def test_max_per_frame_counts_the_read_views_only(build, monkeypatch):
    model = build(dict(type='VideoPasses', passes=2), max_per_frame=1)
    _fake_steps(model, monkeypatch, [.99, .99, .7, .55, .9])  # frames 0, 1, 2, 1, 0
    one, two = _predict(model, Frames(3), _sample('unprompted', 3))
    assert [rle is not None for rle in one.segmentations] == [True, False, True]
    assert [rle is not None for rle in two.segmentations] == [False, True, False]
    assert (one.score, two.score) == (pytest.approx(.8), pytest.approx(.6))


def test_an_object_that_no_read_view_shows_is_no_track(build, monkeypatch):
    model = build(REPEATED)
    _fake_steps(model, monkeypatch, [.99, .2])
    assert _predict(model, Frames(1), _sample('unprompted', 1)) == []


def test_objects_keep_their_ids_over_the_passes(build):
    """What the first pass found are the first rows of all later views."""
    model, frames, sample = build(PASSES), Frames(4), _sample('unprompted', 4)
    steps = _by_hand(model, frames, sample, model.test_strategy(4))
    for before, after in zip(steps, steps[1:]):
        n = len(before.object_ids)
        assert torch.equal(after.object_ids[:n], before.object_ids) and n
    tracks = _predict(model, frames, sample)
    assert {track.object_id for track in tracks} <= set(steps[-1].object_ids.tolist())
    assert len({track.object_id for track in tracks}) == len(tracks)


def _calls(model, monkeypatch):
    """Log of prompts (their object ids) and steps."""
    calls, prompt, step = [], model.prompt, model.step
    monkeypatch.setattr(model, 'prompt', lambda state, ids, masks: (
        calls.append(ids.tolist()), prompt(state, ids, masks))[1])
    monkeypatch.setattr(model, 'step', lambda *args: (calls.append('step'), step(*args))[1])
    return calls


@pytest.mark.parametrize('strategy, expected', [
    # Frames 0, 1, 2, 1, 0, 1, 2
    (PASSES, [[5], 'step', [5], 'step', 'step', [9], 'step', 'step', [5], 'step', 'step', [9]]),
    # Frames 0, 0, 1, 1, 2, 2
    (REPEATED, [[5], 'step', [5], 'step', [5], 'step', 'step', 'step', [9], 'step', [9]]),
    # Never after a crop: the user's mask is one of the whole frame.
    (CORNERS, [[5], 'step', [5], *['step'] * 5, [5], *['step'] * 7, [9], *['step'] * 5, [9]]),
])
def test_prompts_are_given_whenever_their_frame_is_shown(build, monkeypatch, strategy, expected):
    model = build(strategy)
    calls = _calls(model, monkeypatch)
    _predict(model, Frames(3), _sample('prompted', 3, LATE))
    assert calls == expected


def test_objects_begin_with_their_first_mask(build):
    """A later pass knows the object of frame 2 in frames 0 and 1, too, where it is not read."""
    model, frames = build(PASSES), Frames(4)
    predictions = _stream(model, frames, _sample('prompted', 4, {**LATE, 3: [5, 9]}))
    assert {t: prediction.object_ids.tolist() for t, prediction in predictions.items()} == {
        0: [5], 1: [5], 2: [5, 9], 3: [5, 9]}
    tracks = _predict(model, frames, _sample('prompted', 4, LATE))
    assert [track.object_id for track in tracks] == [5, 9]
    assert tracks[1].segmentations[:2] == [None, None]


def test_the_seed_orders_the_ids(build):
    frames, sample, logits = Frames(2), _sample('prompted', 2, {0: [5]}), []
    for seed in (0, 0, 1):
        torch.manual_seed(0)  # the same weights
        model = build(dict(type='VideoPasses'), test_seed=seed)
        logits.append(_stream(model, frames, sample)[1].mask_logits)
    assert torch.equal(logits[0], logits[1]) and not torch.equal(logits[0], logits[2])


def test_a_strategy_from_outside(build):
    """Anything that gives views will do."""

    @TASK_UTILS.register_module(name='Skipping', force=True)
    class Skipping:
        def __call__(self, num_frames):
            yield View(0)
            for t in range(0, num_frames, 2)[::-1]:
                yield View(t, read=True)

    predictions = _stream(build(dict(type='Skipping')), Frames(5), _sample('unprompted', 5))
    assert list(predictions) == [4, 2, 0]
