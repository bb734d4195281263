"""Prompts of any kind become masks over the padded frame."""
from typing import Dict, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from pycocotools import mask as mask_utils
from torch import Tensor


def masks_on_canvas(rles: Sequence[Dict], image_size: Tuple[int, int],
                    canvas: Tuple[int, int]) -> Tensor:
    """Masks at the stored resolution -> masks over the padded frame.

    Args:
        rles: Compressed COCO RLEs, all of one size.
        image_size: Height and width of the frame that the model sees, without padding.
        canvas: Height and width with padding.

    Returns:
        Float (n, H, W): 0 or 1, or the covered share where the masks had to be shrunk.
    """
    masks = torch.from_numpy(np.stack([mask_utils.decode(rle) for rle in rles]))  # (n, h, w)
    masks = masks.float()[:, None]
    if tuple(masks.shape[-2:]) != tuple(image_size):
        masks = F.interpolate(masks, image_size, mode='area')
    height, width = image_size
    return F.pad(masks[:, 0], (0, canvas[1] - width, 0, canvas[0] - height))
