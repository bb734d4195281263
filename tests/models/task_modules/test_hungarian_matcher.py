from itertools import permutations

import pytest
import torch

from ausm_mm.models import HungarianMatcher


def _pair_cost(class_logits, mask_logits, label, mask, weights=(2., 5., 5.)):
    """Mask2Former's cost of one row (K + 1,), (P,) and one target, term by term."""
    probability = class_logits.exp() / class_logits.exp().sum()
    p = 1 / (1 + (-mask_logits).exp())
    bce = -(mask * p.log() + (1 - mask) * (1 - p).log()).mean()
    dice = 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)
    return -weights[0] * probability[label] + weights[1] * bce + weights[2] * dice


def _brute_force(cost):
    """Cheapest total of a cost table (Q, n): every way to give targets to rows."""
    Q, n = cost.shape
    if n <= Q:
        return min(sum(cost[row, j] for j, row in enumerate(rows))
                   for rows in permutations(range(Q), n))
    return min(sum(cost[i, target] for i, target in enumerate(targets))
               for targets in permutations(range(n), Q))


def _inputs(L, N, Q, n, P=12, K=3):
    return (torch.randn(L, N, Q, K + 1), torch.randn(L, N, Q, P) * 2, torch.randint(K, (N, n)),
            (torch.rand(N, n, P) > 0.5).float())


@pytest.mark.parametrize('Q, n', [(4, 3), (3, 3), (2, 4), (5, 1)])
def test_total_equals_brute_force(Q, n):
    classes, masks, labels, truth = _inputs(2, 3, Q, n)
    wanted = torch.ones(3, n, dtype=torch.bool)
    matched = HungarianMatcher()(classes, masks, labels, truth, wanted)
    assert matched.shape == (2, 3, Q) and matched.dtype == torch.long
    for layer in range(2):
        for frame in range(3):
            cost = torch.tensor([[_pair_cost(classes[layer, frame, i], masks[layer, frame, i],
                                             labels[frame, j], truth[frame, j])
                                  for j in range(n)] for i in range(Q)], dtype=torch.float64)
            rows = (matched[layer, frame] >= 0).nonzero()[:, 0]
            objects = matched[layer, frame, rows]
            assert len(rows) == min(Q, n) == objects.unique().numel()
            assert cost[rows, objects].sum().item() == pytest.approx(
                _brute_force(cost).item(), abs=1e-4)


@pytest.mark.parametrize('weights', [(1., 0., 0.), (0., 1., 0.), (0., 0., 1.), (3., 1., 2.)])
def test_cost_of_every_term(weights):
    classes, masks, labels, truth = _inputs(2, 2, 3, 2)
    cost = HungarianMatcher(*weights)._cost(classes, masks, labels, truth)
    for index in torch.cartesian_prod(*(torch.arange(s) for s in cost.shape)).tolist():
        layer, frame, i, j = index
        expected = _pair_cost(classes[layer, frame, i], masks[layer, frame, i],
                              labels[frame, j], truth[frame, j], weights)
        assert cost[tuple(index)].item() == pytest.approx(expected.item(), abs=1e-5)


def test_only_wanted_objects_are_matched():
    inputs = _inputs(1, 3, 4, 3)
    wanted = torch.tensor([[True, False, True], [False, False, False], [False, True, False]])
    matched = HungarianMatcher()(*inputs, wanted)[0]
    assert [sorted(m[m >= 0].tolist()) for m in matched] == [[0, 2], [], [1]]


def test_no_objects_at_all():
    matched = HungarianMatcher()(*_inputs(2, 3, 4, 0), torch.zeros(3, 0, dtype=torch.bool))
    assert torch.equal(matched, torch.full((2, 3, 4), -1))


def test_finds_the_obvious_rows():
    """Rows 2 and 0 show exactly the masks of objects 0 and 1."""
    truth = torch.tensor([[[1., 1., 0., 0.], [0., 0., 1., 1.]]])
    masks = torch.full((1, 1, 3, 4), -3.)
    masks[0, 0, 2], masks[0, 0, 0] = truth[0, 0] * 16 - 8, truth[0, 1] * 16 - 8
    matched = HungarianMatcher()(torch.zeros(1, 1, 3, 2), masks, torch.zeros(1, 2).long(), truth,
                                 torch.ones(1, 2, dtype=torch.bool))
    assert matched.tolist() == [[[1, -1, 0]]]


def test_columns_a_data_set_does_not_have_and_half_precision():
    classes, masks, labels, truth = _inputs(1, 2, 3, 2)
    classes[:, 0, :, 1:3] = -torch.inf
    labels[0] = 0
    wanted = torch.ones(2, 2, dtype=torch.bool)
    matched = HungarianMatcher()(classes.bfloat16(), masks.bfloat16(), labels, truth, wanted)
    assert (matched >= 0).sum((0, 2)).tolist() == [2, 2]


@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf])
def test_numbers_that_are_none(value):
    """Every target still has a row: the losses tell that something went wrong."""
    classes, masks, labels, truth = _inputs(1, 1, 4, 3)
    masks[0, 0, 1] = value
    matched = HungarianMatcher()(classes, masks, labels, truth, torch.ones(1, 3).bool())
    assert sorted(matched[0, 0].tolist()) == [-1, 0, 1, 2]
