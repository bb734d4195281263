import numpy as np
import torch
from pycocotools import mask as mask_utils

from ausm_mm.models.prompt_encoders import masks_on_canvas


def _rle(mask):
    return mask_utils.encode(np.asfortranarray(np.array(mask, np.uint8)))


FIRST = [[1, 0, 0], [1, 1, 0]]
SECOND = [[0, 0, 1], [0, 0, 1]]


def test_same_size_is_only_padded():
    masks = masks_on_canvas([_rle(FIRST), _rle(SECOND)], (2, 3), (4, 4))
    expected = torch.zeros(2, 4, 4)
    expected[0, :2, :3], expected[1, :2, :3] = torch.tensor(FIRST), torch.tensor(SECOND)
    assert torch.equal(masks, expected)


def test_shrunk_masks_hold_shares():
    mask = np.zeros((4, 4))
    mask[0:2, 0:2] = 1
    mask[2, 0] = 1
    masks = masks_on_canvas([_rle(mask)], (2, 2), (2, 3))
    assert torch.equal(masks, torch.tensor([[[1., 0., 0.], [.25, 0., 0.]]]))


def test_enlarged_masks_stay_binary():
    masks = masks_on_canvas([_rle([[1, 0], [0, 1]])], (4, 4), (4, 5))
    block = torch.tensor([[1., 0.], [0., 1.]]).repeat_interleave(2, 0).repeat_interleave(2, 1)
    assert torch.equal(masks[0, :, :4], block) and masks[0, :, 4].sum() == 0
