import pytest
import torch

from ausm_mm.models import HistoryMarker
from ausm_mm.models.prompt_encoders import cell_shares


@pytest.fixture
def by_hand():
    """Two ID vectors on a grid of 2 x 3: alone, overlapping, partly covered, uncovered."""
    vectors = torch.tensor([[[1., 10.], [2., 20.]]])
    masks = torch.tensor([[[[1., 1., .5], [0., 0., 0.]], [[0., 1., 0.], [.25, 0., 1.]]]])
    return vectors, masks


def test_sum_norm_by_hand(by_hand):
    painted = HistoryMarker(embed_dims=2, num_ids=2)(*by_hand)
    # alone: the vector itself, whatever the share; overlap: the mean; uncovered: nothing
    expected = torch.tensor([[[1., 1.5, 1.], [2., 0., 2.]], [[10., 15., 10.], [20., 0., 20.]]])
    torch.testing.assert_close(painted, expected[None], rtol=1e-5, atol=1e-5)


def test_max1_norm_by_hand(by_hand):
    painted = HistoryMarker(embed_dims=2, num_ids=2, norm='max1')(*by_hand)
    # shares below one show, overlap is the mean as before
    expected = torch.tensor([[[1., 1.5, .5], [.5, 0., 2.]], [[10., 15., 5.], [5., 0., 20.]]])
    torch.testing.assert_close(painted, expected[None])


def test_unequal_overlap_is_a_weighted_mean():
    vectors, masks = torch.tensor([[[1.], [5.]]]), torch.tensor([.75, .25]).view(1, 2, 1, 1)
    painted = HistoryMarker(embed_dims=1, num_ids=2)(vectors, masks)
    assert painted.item() == pytest.approx(.75 * 1 + .25 * 5, rel=1e-5)


def test_eps_is_an_option(by_hand):
    painted = HistoryMarker(embed_dims=2, num_ids=2, eps=1.)(*by_hand)
    assert painted[0, 0, 0].tolist() == pytest.approx([1 / 2, 3 / 3, .5 / 1.5])


@pytest.mark.parametrize('norm', ['sum', 'max1'])
def test_empty_masks_and_no_rows_paint_nothing(norm):
    marker = HistoryMarker(embed_dims=4, num_ids=2, norm=norm)
    assert torch.equal(marker(torch.randn(2, 3, 4), torch.zeros(2, 3, 5, 6)),
                       torch.zeros(2, 4, 5, 6))
    assert torch.equal(marker(torch.randn(2, 0, 4), torch.zeros(2, 0, 5, 6)),
                       torch.zeros(2, 4, 5, 6))


@pytest.mark.parametrize('norm', ['sum', 'max1'])
def test_row_with_an_empty_mask_changes_nothing(norm):
    marker = HistoryMarker(embed_dims=4, num_ids=2, norm=norm)
    vectors, masks = torch.randn(2, 3, 4), torch.rand(2, 3, 5, 6)
    masks[:, 1] = 0
    torch.testing.assert_close(marker(vectors, masks), marker(vectors[:, ::2], masks[:, ::2]))


def test_order_of_the_rows_does_not_matter():
    marker = HistoryMarker(embed_dims=4, num_ids=2)
    vectors, masks = torch.randn(1, 3, 4), torch.rand(1, 3, 5, 6)
    torch.testing.assert_close(
        marker(vectors, masks), marker(vectors[:, [2, 0, 1]], masks[:, [2, 0, 1]]))


def test_bank_starts_as_standard_normal():
    marker = HistoryMarker(embed_dims=64, num_ids=50)
    assert marker.num_ids == 50
    assert abs(marker.bank.weight.mean()) < 0.1 and abs(marker.bank.weight.std() - 1) < 0.1


def test_gradient_reaches_the_painted_rows_only():
    marker = HistoryMarker(embed_dims=4, num_ids=3)
    masks = torch.zeros(1, 2, 2, 2)
    masks[0, 0, 0] = 1
    marker(marker.bank(torch.tensor([[2, 0]])), masks).sum().backward()
    assert marker.bank.weight.grad.abs().sum(1).gt(0).tolist() == [False, False, True]


def test_unknown_norm():
    with pytest.raises(ValueError, match="norm='mean' is unknown; choose 'sum' or 'max1'"):
        HistoryMarker(embed_dims=4, num_ids=2, norm='mean')


def test_cell_shares_by_hand():
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[0:2, 0:2] = True  # the whole of cell (0, 0)
    mask[0, 2] = True  # a quarter of cell (0, 1)
    mask[1:3, 5] = True  # half of the right half of two cells
    expected = torch.tensor([[1., .25, .25], [0., 0., .25]])
    assert torch.equal(cell_shares(mask, (2, 3)), expected)
    assert torch.equal(cell_shares(mask[None, None].expand(2, 3, 4, 6), (2, 3)),
                       expected.expand(2, 3, 2, 3))


def test_cell_shares_of_soft_masks():
    assert cell_shares(torch.tensor([[.2, .4], [.6, .8]]), (1, 1)).item() == pytest.approx(.5)


@pytest.mark.parametrize('lead', [(0,), (2, 0), (0, 3)])
def test_cell_shares_without_masks(lead):
    assert cell_shares(torch.zeros(*lead, 8, 8), (2, 3)).shape == (*lead, 2, 3)
