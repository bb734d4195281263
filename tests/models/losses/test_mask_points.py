import pytest
import torch

from ausm_mm.models.losses.mask_points import loss_points, matching_points


def test_every_pixel_of_the_target():
    """A prediction at half the resolution is enlarged bilinearly: 0, 4 -> 0, 1, 3, 4."""
    logits = torch.tensor([[[0., 4.], [0., 4.]]])
    masks = torch.rand(1, 4, 4) > 0.5
    points, targets = loss_points(logits, masks, 0)
    assert torch.equal(points, torch.tensor([[0., 1., 3., 4.] * 4]))
    assert torch.equal(targets, masks.flatten(1).float())


@pytest.mark.parametrize('rows', [3, 150])  # in one piece and in three
def test_prediction_and_target_are_sampled_at_the_same_points(rows):
    ramp = torch.arange(64.).view(1, 8, 8) - 30 + torch.arange(rows)[:, None, None]
    points, targets = loss_points(ramp, ramp, 40)
    assert points.shape == (rows, 40)
    assert torch.equal(points, targets)
    assert not torch.equal(points[0], points[1])  # each mask has its own


def test_most_points_are_uncertain():
    """+-10 beside one column of zeros: random points would hit |logit| < 5 in 1 of 16 cases."""
    logits = torch.full((2, 16, 16), 10.)
    logits[:, :, :8], logits[:, :, 8] = -10, 0
    points, _ = loss_points(logits, logits > 0, 100)
    assert (points.abs() < 5).float().mean() > 0.15


@pytest.mark.parametrize('num_points', [0, 20])
def test_gradient_reaches_the_prediction(num_points):
    logits = torch.randn(2, 4, 4, requires_grad=True)
    points, _ = loss_points(logits, torch.ones(2, 8, 8), num_points)
    points.sum().backward()
    # Every point hands a weight of one down to the cells around it; beyond the outermost cell
    # centres the sampler sees zeros.
    total = logits.grad.sum((1, 2))
    assert (total == 64).all() if num_points == 0 else ((total > 10) & (total <= 20.001)).all()


@pytest.mark.parametrize('num_points', [0, 20])
def test_no_masks(num_points):
    points, targets = loss_points(torch.zeros(0, 4, 4), torch.zeros(0, 8, 8), num_points)
    assert points.shape == targets.shape == (0, num_points or 64)


def test_matching_at_every_cell():
    logits = torch.randn(2, 1, 3, 2, 2)
    masks = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    masks[0, 0, :3, :2] = True
    points, targets = matching_points(logits, masks, 0)
    assert torch.equal(points, logits.flatten(3))
    assert targets.tolist() == [[[1., 0., .5, 0.]]]


def test_matching_points_are_shared_by_the_rows_of_a_frame():
    ramp = torch.arange(64.).view(8, 8)
    points, targets = matching_points(
        ramp.expand(2, 3, 4, 8, 8), ramp.expand(3, 5, 8, 8), 30)
    assert points.shape == (2, 3, 4, 30) and targets.shape == (3, 5, 30)
    for frame in range(3):
        assert torch.equal(points[:, frame].reshape(8, 30), targets[frame, :1].expand(8, 30))
        assert torch.equal(targets[frame], targets[frame, :1].expand(5, 30))
    assert not torch.equal(targets[0], targets[1])


@pytest.mark.parametrize('num_points', [0, 30])
def test_matching_without_objects(num_points):
    points, targets = matching_points(
        torch.randn(2, 3, 4, 8, 8), torch.zeros(3, 0, 16, 16, dtype=torch.bool), num_points)
    assert points.shape == (2, 3, 4, num_points or 64)
    assert targets.shape == (3, 0, num_points or 64)


@pytest.mark.parametrize('num_points', [0, 30])
def test_half_precision(num_points):
    logits = torch.randn(2, 1, 3, 4, 4).bfloat16()
    points, targets = matching_points(logits, torch.ones(1, 2, 8, 8).bool(), num_points)
    assert points.shape[-1] == targets.shape[-1]
    points, _ = loss_points(logits[0, 0], torch.ones(3, 8, 8).bool(), num_points)
    assert points.dtype == torch.float32
