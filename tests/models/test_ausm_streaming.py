"""Algorithm 1: the stream's state, prompts, whole videos."""
import io
import pickle
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils

from ausm_mm.models.heads import RowPrediction
from ausm_mm.structures import ClipDataSample, StreamState, Track

CANVAS, SIZE = (32, 48), (20, 43)


@pytest.fixture
def model(make_model):
    return make_model().eval()


@pytest.fixture
def frames():
    """Function (T) -> padded frames (T, 1, 3, 32, 48)."""

    def build(T):
        frames = torch.zeros(T, 1, 3, *CANVAS)
        frames[..., :SIZE[0], :SIZE[1]] = torch.randn(T, 1, 3, *SIZE)
        return frames

    return build


def _tensors(value):
    """All tensors inside dataclasses and tuples."""
    if isinstance(value, torch.Tensor):
        return [value]
    if is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in _tensors(part)]
    return []


def _bytes(state: StreamState) -> int:
    """Memory behind the tensors of a state, each storage once."""
    storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes()
                for t in _tensors(state)}
    return sum(storages.values())


def _masks(*boxes):
    masks = torch.zeros(len(boxes), *CANVAS)
    for mask, (top, left) in zip(masks, boxes):
        mask[top:top + 6, left:left + 8] = 1
    return masks


def _prompted(model):
    state = model.start('prompted', 'shapes', CANVAS, torch.Generator().manual_seed(0))
    return model.prompt(state, torch.tensor([4, 2]), _masks((1, 2), (10, 20)))


@torch.no_grad()
def _run(model, state, frames):
    outs = []
    for frame in frames:
        prediction, state = model.step(frame, SIZE, state)
        outs.append(prediction)
    return outs, state


def test_start(model):
    state = model.start('unprompted', 'shapes', (30, 41), torch.Generator().manual_seed(0))
    assert (state.task, state.dataset_name) == ('unprompted', 'shapes')
    assert state.feature is None and state.mixers is None and len(state.rows) == 0
    assert state.rows.masks.shape == (0, 4, 6)  # cells of 8 x 8 pixels, rounded up


def test_wrong_task(model):
    with pytest.raises(ValueError,
                       match="task='vos' is unknown; choose 'unprompted' or 'prompted'"):
        model.start('vos', 'shapes', CANVAS)


def test_prompted_rows_keep_ids_order_and_number(model, frames):
    outs, state = _run(model, _prompted(model), frames(3))
    for prediction in outs:
        assert prediction.object_ids.tolist() == [4, 2]
        assert prediction.class_probs.shape == (2, 4) and len(prediction.mask_logits) == 2
        assert (prediction.canvas, prediction.image_size) == (CANVAS, SIZE)
    assert state.rows.object_ids.tolist() == [4, 2]


def test_predictions_are_the_heads_last_layer(model, frames):
    caught = []
    model.head.register_forward_hook(lambda *args: caught.append(args[-1][-1]))
    outs, _ = _run(model, _prompted(model), frames(1))
    torch.testing.assert_close(outs[0].class_probs, caught[0].class_logits[0, :2].softmax(-1))
    assert torch.equal(outs[0].mask_logits, caught[0].mask_logits[0, :2])


def test_unprompted_objects_are_found_and_continued(model, frames, monkeypatch):
    """A head that finds two objects in frame 1, one in frame 2, none in frame 3."""
    found = iter([[0, 2], [1], []])
    num_queries = len(model.head.query_feat.weight)

    def decode(features, id_vectors, in_use, dataset_names):
        n = in_use.shape[1]
        classes = torch.zeros(1, n + num_queries, 4)
        classes[:, n:, -1] = 9  # background
        classes[:, [n + i for i in next(found)], -1] = -9
        masks = torch.ones(1, n + num_queries, *features.mask_feature.shape[-2:])
        return [RowPrediction(classes, masks)]

    monkeypatch.setattr(model.head, 'forward', decode)
    state = model.start('unprompted', 'shapes', CANVAS, torch.Generator().manual_seed(0))
    outs, state = _run(model, state, frames(3))
    assert [out.object_ids.tolist() for out in outs] == [[1, 2], [1, 2, 3], [1, 2, 3]]
    assert len(state.rows) == 3 and len(state.rows.free_ids) == model.marker.num_ids - 3
    assert len(set(state.rows.bank_ids.tolist() + state.rows.free_ids.tolist())) == 6


def test_state_can_be_forked(model, frames):
    """The same state stepped twice gives the same result, and stays as it was."""
    frames = frames(5)
    _, state = _run(model, _prompted(model), frames[:2])
    before = [t.clone() for t in _tensors(state)]
    first, first_state = _run(model, state, frames[2:])
    _run(model, state, frames[2:].flip(0))
    second, second_state = _run(model, state, frames[2:])
    assert all(torch.equal(a, b) for a, b in zip(before, _tensors(state)))
    for a, b in zip(_tensors([first, first_state]), _tensors([second, second_state])):
        assert torch.equal(a, b)


@pytest.mark.parametrize('how', ['pickle', 'torch.save'])
def test_state_can_be_saved(model, frames, how):
    frames = frames(4)
    _, state = _run(model, _prompted(model), frames[:2])
    if how == 'pickle':
        restored = pickle.loads(pickle.dumps(state))
    else:
        buffer = io.BytesIO()
        torch.save(state, buffer)
        buffer.seek(0)
        restored = torch.load(buffer, weights_only=False)
    expected, actual = _run(model, state, frames[2:]), _run(model, restored, frames[2:])
    for a, b in zip(_tensors(expected), _tensors(actual)):
        assert torch.equal(a, b)


@pytest.mark.parametrize('mixer', ['Mamba', 'MambaLoop'])
def test_state_size_does_not_depend_on_the_frames(make_model, frames, mixer):
    model, sizes, pickled = make_model(mixer).eval(), {}, {}
    for T in (3, 30):
        _, state = _run(model, _prompted(model), frames(T))
        sizes[T], pickled[T] = _bytes(state), len(pickle.dumps(state))
    assert sizes[3] == sizes[30] > 0
    assert pickled[3] == pytest.approx(pickled[30], abs=64)


def _video(T):
    return list(torch.randint(256, (T, 3, *SIZE), dtype=torch.uint8))


def _rle(mask):
    return mask_utils.encode(np.asfortranarray(mask, np.uint8))


def _sample(task, T, prompts=None, ori_shape=(40, 86), **changes):
    """Prompts: frame -> {object id: (top, left) of a box of 12 x 16 stored pixels}."""
    sample = ClipDataSample(metainfo=dict(dict(
        dataset_name='shapes', task=task, exhaustive=True, video_name='video',
        frame_ids=list(range(T)), img_shape=SIZE, ori_shape=ori_shape), **changes))
    given = {}
    for t, boxes in (prompts or {}).items():
        for object_id, (top, left) in boxes.items():
            mask = np.zeros(ori_shape)
            mask[top:top + 12, left:left + 16] = 1
            segmentations = [_rle(mask) if i == t else None for i in range(T)]
            given.setdefault(t, []).append(Track(object_id, 0, 1.0, segmentations))
    if task == 'prompted':
        sample.prompts = given
    return sample


def _predict(model, video, sample):
    data = model.data_preprocessor(dict(inputs=[video], data_samples=[sample]))
    return model(**data, mode='predict')[0].pred_tracks


LATE = {0: {5: (4, 6)}, 2: {9: (20, 30), 3: (0, 40)}}


def test_prompts_are_given_in_the_order_of_algorithm_1(model, monkeypatch):
    calls, prompt, step = [], model.prompt, model.step
    monkeypatch.setattr(model, 'prompt', lambda state, ids, masks: (
        calls.append((ids.tolist(), masks)), prompt(state, ids, masks))[1])
    monkeypatch.setattr(model, 'step', lambda *args: (calls.append('step'), step(*args))[1])
    _predict(model, _video(4), _sample('prompted', 4, LATE))
    assert [call if call == 'step' else call[0] for call in calls] == [
        [5], 'step', [5], 'step', 'step', [9, 3], 'step']
    # Stored masks of 40 x 86 over frames of 20 x 43, padded to 32 x 48
    expected = torch.zeros(*CANVAS)
    expected[2:8, 3:11] = 1
    torch.testing.assert_close(calls[0][1][0], expected)


def test_prompted_video(model):
    tracks = _predict(model, _video(5), _sample('prompted', 5, LATE))
    assert [track.object_id for track in tracks] == [3, 5, 9]
    assert all(track.score == 1.0 and len(track.segmentations) == 5 for track in tracks)
    for track in (tracks[0], tracks[2]):
        assert track.segmentations[:3] == [None] * 3  # unknown until frame 3 was predicted
    for t in range(5):
        masks = [mask_utils.decode(track.segmentations[t]) for track in tracks
                 if track.segmentations[t]]
        assert all(mask.shape == (40, 86) for mask in masks)
        assert not masks or np.sum(masks, axis=0).max() <= 1  # an argmax label map


def test_prompted_video_equals_steps_by_hand(model):
    video, sample = _video(3), _sample('prompted', 3, {0: {5: (4, 6), 2: (20, 30)}})
    tracks = {track.object_id: track for track in _predict(model, video, sample)}
    state = model.start('prompted', 'shapes', CANVAS, torch.Generator().manual_seed(0))
    given = torch.tensor([5, 2]), _masks((2, 3), (10, 15))
    state = model.prompt(state, *given)
    for t, frame in enumerate(video):
        frame = model.data_preprocessor.pad(model.data_preprocessor.normalize(frame[None]))
        (prediction,), state = _run(model, state, frame[None])
        if t == 0:
            state = model.prompt(state, *given)
        logits = prediction.logits_at((40, 86))
        label_map = torch.cat([torch.zeros(1, 40, 86), logits]).argmax(0)
        for row, object_id in enumerate((5, 2), start=1):
            rle = tracks[object_id].segmentations[t]
            mask = mask_utils.decode(rle) if rle else np.zeros((40, 86))
            assert np.array_equal(mask, label_map == row)


def test_unprompted_video(model):
    video = _video(4)
    tracks = _predict(model, video, _sample('unprompted', 4))
    assert [track.object_id for track in tracks] == list(range(1, len(tracks) + 1)) and tracks
    for track in tracks:
        assert 0 <= track.label < 3 and 0 < track.score <= 1 and len(track.segmentations) == 4
        assert all(rle is None or rle['size'] == [40, 86] for rle in track.segmentations)
    assert _predict(model, video, _sample('unprompted', 4)) == tracks  # the same every time


def test_max_per_frame(make_model):
    model = make_model(max_per_frame=1).eval()
    tracks = _predict(model, _video(3), _sample('unprompted', 3))
    for t in range(3):
        assert sum(track.segmentations[t] is not None for track in tracks) <= 1


def test_a_data_set_with_one_class(model):
    tracks = _predict(model, _video(2), _sample('unprompted', 2, dataset_name='plain'))
    assert all(track.label == 0 for track in tracks)


def test_predict_needs_no_no_grad(model):
    """Outside a Runner nobody switches gradients off."""
    with torch.enable_grad():
        tracks = _predict(model, _video(2), _sample('prompted', 2, {0: {1: (0, 0)}}))
    assert len(tracks) == 1


def test_under_bfloat16_autocast(model):
    with torch.autocast('cpu', torch.bfloat16):
        for task, prompts in (('prompted', LATE), ('unprompted', None)):
            assert _predict(model, _video(4), _sample(task, 4, prompts)) is not None


def test_wrong_task_of_a_sample(model):
    with pytest.raises(ValueError, match="task='vos' is unknown"):
        _predict(model, _video(1), _sample('vos', 1))


def test_more_prompts_than_ids(model):
    boxes = {i: (0, 0) for i in range(7)}
    with pytest.raises(ValueError, match='prompts for 7 new objects, but only 6 of 6 IDs'):
        _predict(model, _video(1), _sample('prompted', 1, {0: boxes}))
