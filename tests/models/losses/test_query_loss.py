import math
from dataclasses import fields, replace

import pytest
import torch
import torch.nn.functional as F

from ausm_mm.models import HungarianMatcher, QueryLoss
from ausm_mm.models.heads import RowPrediction
from ausm_mm.models.losses import mask_points
from ausm_mm.models.losses import query_loss as module

LAYERS, QUERIES = 2, 4
WEIGHTS = dict(class_weight=2., mask_weight=5., dice_weight=3.)
BACKGROUND = dict(track_background=0.3, detect_background=0.6)


@pytest.fixture
def loss():
    return QueryLoss(**WEIGHTS, **BACKGROUND, num_points=0)


@pytest.fixture
def predict():
    """Function (forced, K) -> random predictions of all layers that ask for gradients."""

    def build(forced, K=3, size=(4, 6)):
        B, T, n = forced.in_use.shape
        return [RowPrediction(
            torch.randn(B * T, n + QUERIES, K + 1, requires_grad=True),
            torch.randn(B * T, n + QUERIES, *size, requires_grad=True)) for _ in range(LAYERS)]

    return build


@pytest.fixture
def clips(make_forced):
    """Two clips of two frames with three objects: in use and hidden, padded, to be detected."""
    return make_forced(
        in_use=[[[1, 0, 0], [1, 1, 0]], [[0, 1, 0], [1, 1, 1]]],
        detect=[[[0, 1, 1], [0, 0, 1]], [[1, 0, 0], [0, 0, 0]]],
        visible=[[[1, 1, 1], [0, 1, 1]], [[1, 0, 0], [1, 1, 0]]],
        labels=[[2, 0, 1], [1, 1, 0]])


class _Mean:
    """Weighted mean whose weight counts as one at least."""

    def __init__(self):
        self.total, self.weight = 0., 0.

    def add(self, value, weight=1.):
        self.total, self.weight = self.total + weight * value, self.weight + weight

    def value(self):
        return self.total / max(self.weight, 1.)


def _add_mask(logits, truth, bce, dice):
    logits = F.interpolate(logits[None, None], truth.shape, mode='bilinear')[0, 0]
    p, y = 1 / (1 + (-logits).exp()), truth.float()
    bce.add(-(y * p.log() + (1 - y) * (1 - p).log()).mean())
    dice.add(1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1))


def _cross_entropy(logits, target):
    return -(logits[target].exp() / logits.exp().sum()).log()


def _reference(predictions, forced):
    """Row by row, layer by layer."""
    B, T, n = forced.in_use.shape
    losses = {f'{kind}.loss_{name}': 0. for kind in ('track', 'detect')
              for name in ('cls', 'mask', 'dice')}
    for layer in predictions:
        means = {name: _Mean() for name in losses}
        background = layer.class_logits.shape[-1] - 1
        for b in range(B):
            for t in range(T):
                classes, masks = layer.class_logits[b * T + t], layer.mask_logits[b * T + t]
                targets = {}  # row -> object, or None for background
                for i in range(n):
                    if forced.in_use[b, t, i]:
                        targets[i] = i if forced.visible[b, t, i] else None
                if forced.exhaustive[b]:
                    targets.update(_match(classes[n:], masks[n:], forced, b, t, n))
                for row, target in targets.items():
                    kind = 'track' if row < n else 'detect'
                    label = background if target is None else forced.labels[b, target]
                    weight = BACKGROUND[f'{kind}_background'] if target is None else 1.
                    means[f'{kind}.loss_cls'].add(_cross_entropy(classes[row], label), weight)
                    if target is not None:
                        _add_mask(masks[row], forced.masks[b, t, target],
                                  means[f'{kind}.loss_mask'], means[f'{kind}.loss_dice'])
        for name, weight in (('cls', 2.), ('mask', 5.), ('dice', 3.)):
            for kind in ('track', 'detect'):
                key = f'{kind}.loss_{name}'
                losses[key] = losses[key] + weight * means[key].value()
    return losses


def _match(classes, masks, forced, b, t, n):
    """Assignment of one frame by the matcher, which has tests of its own."""
    truth = F.adaptive_avg_pool2d(forced.masks[b, t].float(), masks.shape[-2:])
    matched = HungarianMatcher()(
        classes[None, None], masks.flatten(1)[None, None], forced.labels[b:b + 1],
        truth.flatten(1)[None], forced.detect[b, t][None])[0, 0].tolist()
    return {n + q: None if target < 0 else target for q, target in enumerate(matched)}


def _assert_equals_reference(loss, predictions, forced):
    """Every loss, and the gradients of their weighted sum."""
    losses, expected = loss(predictions, forced), _reference(predictions, forced)
    assert losses.keys() == expected.keys()
    for name, value in losses.items():
        torch.testing.assert_close(value, torch.as_tensor(expected[name]), rtol=1e-4, atol=1e-5,
                                   msg=lambda m, n=name: f'{n}: {m}')
    leaves = [leaf for layer in predictions for leaf in layer]
    grads = [torch.autograd.grad(
        sum((i + 1) * value for i, value in enumerate(table.values())), leaves)
        for table in (losses, expected)]
    torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-6)


def test_equals_the_loop_over_rows(loss, predict, clips):
    _assert_equals_reference(loss, predict(clips), clips)


def test_clips_that_are_not_exhaustive_have_no_detection_loss(loss, predict, clips):
    clips.exhaustive = torch.tensor([True, False])
    predictions = predict(clips)
    _assert_equals_reference(loss, predictions, clips)
    clips.exhaustive = torch.tensor([False, False])
    losses = loss(predictions, clips)
    assert all(losses[f'detect.loss_{name}'] == 0 for name in ('cls', 'mask', 'dice'))
    sum(losses.values()).backward()
    for layer in predictions:
        assert layer.class_logits.grad[:, 3:].abs().max() == 0
        assert layer.mask_logits.grad[:, 3:].abs().max() == 0
        assert layer.class_logits.grad[:, :3].abs().max() > 0


def test_columns_a_data_set_does_not_have(loss, predict, clips):
    """The second clip's data set has one class: the loss equals that over its two columns."""
    clips.labels[1] = 0
    predictions = predict(clips)
    with torch.no_grad():
        for layer in predictions:
            layer.class_logits[2:, :, 1:3] = -torch.inf
    losses, expected = loss(predictions, clips), _reference(predictions, clips)
    for name, value in losses.items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-5)
    sum(losses.values()).backward()
    for layer in predictions:
        assert layer.class_logits.grad.isfinite().all()
        assert (layer.class_logits.grad[2:, :, 1:3] == 0).all()


def test_rows_that_are_padding_are_ignored(loss, predict, clips):
    predictions = predict(clips)
    before = loss(predictions, clips)
    padding = torch.cat([~clips.in_use, torch.zeros(2, 2, QUERIES).bool()], -1).flatten(0, 1)
    with torch.no_grad():
        for layer in predictions:
            layer.class_logits[padding] += 7 * torch.randn(4)
            layer.mask_logits[padding] -= 7
    after = loss(predictions, clips)
    torch.testing.assert_close(after, before)


def test_hidden_objects_have_a_class_but_no_mask(loss, predict, make_forced):
    forced = make_forced([[[1]]], [[[0]]], [[[0]]], [[2]])
    predictions = predict(forced)
    losses = loss(predictions, forced)
    expected = sum(2 * 0.3 * _cross_entropy(layer.class_logits[0, 0], 3) for layer in predictions)
    torch.testing.assert_close(losses['track.loss_cls'], expected)
    assert losses['track.loss_mask'] == losses['track.loss_dice'] == 0
    assert 'track.loss_empty' not in losses


def test_empty_weight_empties_hidden_masks(predict, clips):
    """Mean over the three hidden rows of -log(1 - p), every layer added."""
    predictions = predict(clips)
    losses = QueryLoss(**WEIGHTS, empty_weight=0.5, num_points=0)(predictions, clips)
    hidden = [(1, 0), (2, 1), (3, 2)]  # (frame, row): in use and not visible
    expected = sum(-(1 - layer.mask_logits[frame, row].sigmoid()).log().mean()
                   for layer in predictions for frame, row in hidden) / 3
    torch.testing.assert_close(losses['track.loss_empty'], 0.5 * 5 * expected)
    others = QueryLoss(**WEIGHTS, num_points=0)(predictions, clips)
    torch.testing.assert_close({k: losses[k] for k in others}, others)


@pytest.mark.parametrize('num_points', [0, 32])
@pytest.mark.parametrize('n', [0, 2])
def test_no_objects(predict, make_forced, n, num_points):
    """Without a single target: background is learned, all is finite, every leaf has a gradient."""
    none = [[[0] * n] * 2]
    forced = make_forced(none, none, none, [[0] * n])
    predictions = predict(forced)
    losses = QueryLoss(**WEIGHTS, **BACKGROUND, empty_weight=1., num_points=num_points)(
        predictions, forced)
    sum(losses.values()).backward()
    expected = sum(2 * _cross_entropy(row, 3) for layer in predictions
                   for row in layer.class_logits[:, n:].flatten(0, 1)) / (2 * QUERIES)
    torch.testing.assert_close(losses['detect.loss_cls'], expected)
    assert all(value == 0 for name, value in losses.items() if name != 'detect.loss_cls')
    for layer in predictions:
        assert layer.class_logits.grad.isfinite().all() and layer.mask_logits.grad.abs().max() == 0


def test_more_targets_than_detection_rows(loss, predict, make_forced):
    n = QUERIES + 2
    forced = make_forced([[[0] * n]], [[[1] * n]], [[[1] * n]], [[0, 1, 2] * 2])
    _assert_equals_reference(loss, predict(forced), forced)


def test_sampled_points_on_constant_masks(predict, make_forced, monkeypatch):
    """Everything is object, every logit is 2: the losses follow from p = sigmoid(2)."""
    # Away from the border, beyond which the sampler sees zeros.
    monkeypatch.setattr(
        mask_points, 'get_uncertain_point_coords_with_randomness',
        lambda logits, _, num_points, *__: torch.rand(len(logits), num_points, 2) / 2 + 0.25)
    forced = make_forced([[[1, 0]]], [[[0, 1]]], [[[1, 1]]], [[0, 1]])
    forced.masks[:] = True
    predictions = predict(forced)
    with torch.no_grad():
        for layer in predictions:
            layer.mask_logits.fill_(2.)
    losses = QueryLoss(**WEIGHTS, num_points=50)(predictions, forced)
    p = 1 / (1 + math.exp(-2))
    dice = 1 - (2 * 50 * p + 1) / (50 * p + 50 + 1)
    for kind in ('track', 'detect'):
        assert losses[f'{kind}.loss_mask'].item() == pytest.approx(-LAYERS * 5 * math.log(p))
        assert losses[f'{kind}.loss_dice'].item() == pytest.approx(LAYERS * 3 * dice)


def test_sampled_points_have_finite_gradients_and_leave_the_classes_alone(predict, clips):
    predictions = predict(clips)
    losses = QueryLoss(**WEIGHTS, **BACKGROUND, num_points=400)(predictions, clips)
    sum(losses.values()).backward()
    assert all(leaf.grad.isfinite().all() for layer in predictions for leaf in layer)
    torch.testing.assert_close(
        losses['track.loss_cls'], _reference(predictions, clips)['track.loss_cls'])


@pytest.mark.parametrize('detect, in_use', [
    ([[[0, 1, 1], [0, 0, 1]], [[1, 0, 0], [0, 0, 0]]],
     [[[1, 0, 0], [1, 1, 0]], [[0, 1, 0], [1, 1, 1]]]),
    ([[[0, 0, 0], [0, 0, 0]], [[1, 0, 0], [0, 0, 0]]], [[[0] * 3] * 2] * 2),  # nothing on rank 0
    ([[[0] * 3] * 2] * 2, [[[0] * 3] * 2] * 2),  # nothing on any rank
])
def test_mean_over_the_ranks_is_the_loss_of_one_process(
        predict, make_forced, monkeypatch, detect, in_use):
    """Clip r on rank r; what the ranks average are the counts of both, taken down beforehand."""
    loss = QueryLoss(**WEIGHTS, **BACKGROUND, num_points=0, empty_weight=0.5)
    visible, labels = [[[1, 1, 1], [0, 1, 1]], [[1, 0, 0], [1, 1, 0]]], [[2, 0, 1], [1, 1, 0]]
    together = make_forced(in_use, detect, visible, labels, exhaustive=[True, True])
    predictions = predict(together)
    expected = loss(predictions, together)

    ranks = []
    for r in range(2):
        clip = replace(together, **{
            field.name: getattr(together, field.name)[r:r + 1] for field in fields(together)})
        ranks.append(([RowPrediction(*(x[2 * r:2 * r + 2] for x in layer))
                       for layer in predictions], clip))
    counts = [[], []]
    for r in range(2):
        monkeypatch.setattr(module, 'reduce_mean', lambda x, r=r: counts[r].append(x) or x)
        loss(*ranks[r])
    means = [sum(pair) / 2 for pair in zip(*counts, strict=True)]
    monkeypatch.setattr(module, 'get_world_size', lambda: 2)
    found = []
    for r in range(2):
        rest = iter(means)
        monkeypatch.setattr(module, 'reduce_mean', lambda x, rest=rest: next(rest))
        found.append(loss(*ranks[r]))
    for name, value in expected.items():
        torch.testing.assert_close((found[0][name] + found[1][name]) / 2, value)


def test_half_precision_predictions(loss, predict, clips):
    predictions = predict(clips)
    exact = loss(predictions, clips)
    rounded = loss([RowPrediction(*(x.bfloat16() for x in layer)) for layer in predictions], clips)
    for name, value in rounded.items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, exact[name], rtol=0.05, atol=0.05)
