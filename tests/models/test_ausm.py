"""The whole model: Algorithm 2 against Algorithm 1, gradients, losses."""
from dataclasses import replace

import pytest
import torch

from ausm_mm.models.prompt_encoders import cell_shares

CANVAS = (32, 48)
SIZES = [(32, 48), (20, 31), (32, 33)]
COUNTS = [3, 1, 0]


@pytest.fixture
def make_clips(make_sample):
    """Function (T, sizes, counts) -> frames (B, T, 3, H, W) and samples: boxes that move, hide
    and return, over padded frames."""

    def build(T, sizes=SIZES, counts=COUNTS, names=None):
        frames = torch.zeros(len(sizes), T, 3, *CANVAS)
        samples = []
        for b, ((height, width), n) in enumerate(zip(sizes, counts)):
            frames[b, :, :, :height, :width] = torch.randn(T, 3, height, width)
            masks = torch.zeros(n, T, *CANVAS, dtype=torch.bool)
            for i in range(n):
                for t in range(T):
                    if (t + i) % 4 != 3:  # hidden in every fourth frame
                        top, left = 2 + 3 * i + t % 5, 3 + 6 * i + t % 7
                        masks[i, t, top:top + 6, left:left + 8] = True
            masks[:, :, height:], masks[:, :, :, width:] = False, False
            name = names[b] if names else 'shapes'
            samples.append(make_sample(masks, img_shape=(height, width), dataset_name=name))
        return frames, samples

    return build


def _force(model, samples, prompted_prob=0.5):
    model.teacher_forcing.prompted_prob = prompted_prob
    return model.teacher_forcing(samples)


def _stream(model, frames, size, forced, b):
    """Algorithm 1 over clip b, whose objects are replaced by teacher-forced ones before each
    step; gives the head's last prediction of every frame."""
    caught = []
    hook = model.head.register_forward_hook(lambda *args: caught.append(args[-1][-1]))
    state = model.start('prompted', forced.dataset_names[b], CANVAS)
    for t, frame in enumerate(frames):
        used = forced.in_use[b, t]
        shares = cell_shares(forced.history_masks[b, t, used], state.rows.masks.shape[-2:])
        ids = forced.bank_ids[b, used]
        state = replace(state, rows=replace(
            state.rows, bank_ids=ids, object_ids=ids, masks=shares, absent=torch.zeros_like(ids)))
        _, state = model.step(frame[None], size, state)
    hook.remove()
    return caught


@pytest.mark.parametrize('mixer', ['Mamba', 'MambaLoop'])
@pytest.mark.parametrize('T', [1, 2, 16])
def test_parallel_equals_streaming(make_model, make_clips, mixer, T):
    """ID rows and detection rows of the last layer, clips of different n, padding and data set."""
    names = ['shapes', 'plain', 'shapes']
    model, (frames, samples) = make_model(mixer).eval(), make_clips(T, names=names)
    forced = _force(model, samples)
    n = forced.in_use.shape[-1]
    with torch.no_grad():
        parallel = model.unroll(frames, torch.tensor(SIZES), forced)[-1]
        for b in range(len(samples)):
            for t, step in enumerate(_stream(model, frames[b], SIZES[b], forced, b)):
                rows = [*forced.in_use[b, t].nonzero()[:, 0].tolist(), *range(n, n + 5)]
                classes, masks = (x[b * T + t, rows] for x in parallel)
                if names[b] == 'plain':
                    classes = classes[:, [0, -1]]
                torch.testing.assert_close(step.class_logits[0], classes, rtol=1e-5, atol=1e-5)
                torch.testing.assert_close(step.mask_logits[0], masks, rtol=1e-5, atol=1e-5)


def test_clips_do_not_depend_on_their_batch(make_model, make_clips):
    model, (frames, samples) = make_model().eval(), make_clips(3)
    forced = _force(model, samples)
    together = model.unroll(frames, torch.tensor(SIZES), forced)[-1]
    for b, n in enumerate(COUNTS):
        clip = slice(b, b + 1)
        alone = replace(
            forced, dataset_names=['shapes'],
            **{name: getattr(forced, name)[clip, :n] for name in ('bank_ids', 'labels')},
            **{name: getattr(forced, name)[clip, :, :n]
               for name in ('in_use', 'detect', 'visible', 'history_masks', 'masks')})
        layer = model.unroll(frames[clip], torch.tensor(SIZES[clip]), alone)[-1]
        rows = [*range(n), *range(3, 8)]
        used = torch.cat([alone.in_use[0], torch.ones(3, 5, dtype=torch.bool)], -1)
        for ours, expected in zip(layer, together):
            expected = expected[3 * b:3 * b + 3, rows]
            torch.testing.assert_close(ours[used], expected[used], rtol=1e-5, atol=1e-5)


def _change_per_frame(before, after):
    """Largest difference of the detection rows' class logits in each frame of one clip."""
    return (after[-1].class_logits - before[-1].class_logits)[:, -5:].abs().amax((1, 2))


def test_predictions_see_no_later_frame(make_model, make_clips):
    model, (frames, samples) = make_model().eval(), make_clips(5, SIZES[:1], [3])
    forced, sizes = _force(model, samples), torch.tensor(SIZES[:1])
    before = model.unroll(frames, sizes, forced)
    frames[:, 3] = torch.randn(1, 3, *CANVAS)
    change = _change_per_frame(before, model.unroll(frames, sizes, forced))
    assert change[:3].max() < 1e-5 and change[3:].min() > 1e-5


def test_predictions_see_the_masks_of_earlier_frames(make_model, make_clips):
    """M_2 enters with frame 3 and is still remembered in frame 5."""
    model, (frames, samples) = make_model().eval(), make_clips(5, SIZES[:1], [3])
    forced, sizes = _force(model, samples, prompted_prob=1), torch.tensor(SIZES[:1])
    before = model.unroll(frames, sizes, forced)
    forced.history_masks[:, 2, 0] = ~forced.history_masks[:, 2, 0]
    change = _change_per_frame(before, model.unroll(frames, sizes, forced))
    assert change[:2].max() < 1e-5 and change[2:].min() > 1e-6


def test_every_parameter_gets_a_gradient(make_model, make_clips):
    model = make_model()
    frames, samples = make_clips(4, SIZES[:2], [3, 2], names=['shapes', 'plain'])
    losses = model(frames, samples, mode='loss')
    assert sorted(losses) == sorted(
        f'{kind}.loss_{name}' for kind in ('track', 'detect') for name in ('cls', 'mask', 'dice'))
    sum(losses.values()).backward()
    without = [name for name, p in model.named_parameters()
               if p.grad is None or not p.grad.isfinite().all() or p.grad.abs().max() == 0]
    assert without == []


def test_no_gradient_into_the_heads_of_absent_data_sets(make_model, make_clips):
    model, (frames, samples) = make_model(), make_clips(2)
    sum(model(frames, samples, mode='loss').values()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == [
        'head.classifiers.heads.plain.weight', 'head.classifiers.heads.plain.bias']


def test_frozen_parts_stay_as_they_are(make_model, make_clips):
    """Weights and the statistics of BatchNorm; nothing is kept for their gradients."""
    model, (frames, samples) = make_model(frozen=['backbone', 'pixel_encoder']), make_clips(3)
    frozen = ('backbone.', 'pixel_encoder.')
    before = {name: value.clone() for name, value in model.state_dict().items()}
    outputs = []
    model.pixel_encoder.register_forward_hook(lambda *args: outputs.append(args[-1][0]))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2, weight_decay=0.1)

    sum(model.train()(frames, samples, mode='loss').values()).backward()
    optimizer.step()

    assert outputs[0].grad_fn is None
    changed = {name for name, value in model.state_dict().items()
               if not torch.equal(value, before[name])}
    assert changed == {name for name in dict(model.named_parameters())
                       if not name.startswith((*frozen, 'head.classifiers.heads.plain'))}
    assert model.head.training and not model.backbone.training


@pytest.mark.parametrize('T', [1, 2])
@pytest.mark.parametrize('counts', [[0], [0, 0], [6, 0]])
def test_loss_with_few_and_many_objects(make_model, make_clips, counts, T):
    model, (frames, samples) = make_model(), make_clips(T, SIZES[:len(counts)], counts)
    total = sum(model(frames, samples, mode='loss').values())
    total.backward()
    assert total.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_loss_under_bfloat16_autocast(make_model, make_clips, monkeypatch):
    model, (frames, samples) = make_model(), make_clips(3)
    forced = _force(model, samples)
    monkeypatch.setattr(model, 'teacher_forcing', lambda _: forced)
    exact = model(frames, samples, mode='loss')
    with torch.autocast('cpu', torch.bfloat16):
        rounded = model(frames, samples, mode='loss')
    for name, value in rounded.items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, exact[name], rtol=0.1, atol=0.1)
    sum(rounded.values()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_logged_losses_are_means_over_the_ranks(make_model, monkeypatch):
    monkeypatch.setattr('ausm_mm.models.ausm.reduce_mean', lambda values: values / 2)
    losses = {'track.loss_cls': torch.tensor(3., requires_grad=True), 'loss_b': torch.tensor(1.)}
    total, log = make_model().parse_losses(losses)
    assert total.item() == 4 and total.requires_grad
    assert {name: value.item() for name, value in log.items()} == {
        'loss': 2, 'track.loss_cls': 1.5, 'loss_b': 0.5}


def test_a_clip_is_learned(make_model, make_clips):
    """Losses of a single clip fall when its gradients are followed."""
    model, (frames, samples) = make_model(), make_clips(2, SIZES[:1], [2])
    forced = _force(model, samples)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    totals = []
    for _ in range(30):
        loss = model.head.loss(model.unroll(frames, torch.tensor(SIZES[:1]), forced), forced)
        totals.append(sum(loss.values()))
        optimizer.zero_grad()
        totals[-1].backward()
        optimizer.step()
    assert totals[-1] < 0.6 * totals[0]


def test_more_objects_than_ids(make_model, make_clips):
    model, (frames, samples) = make_model(), make_clips(1, SIZES[:1], [7])
    with pytest.raises(ValueError, match='7 objects in one clip, but the ID bank has 6'):
        model(frames, samples, mode='loss')


def test_unknown_data_set(make_model, make_clips):
    model, (frames, samples) = make_model(), make_clips(1)
    samples[1].set_metainfo(dict(dataset_name='ovis'))
    with pytest.raises(ValueError, match="no classification head for data set 'ovis'"):
        model(frames, samples, mode='loss')


def test_unknown_mode(make_model):
    with pytest.raises(ValueError, match="mode='tensor' is unknown; choose 'loss' or 'predict'"):
        make_model()(None, [], mode='tensor')
