"""Points at which mask losses are taken."""
from typing import Tuple

import torch
import torch.nn.functional as F
from mmcv.ops import point_sample
from mmdet.models.utils import get_uncertain_point_coords_with_randomness
from torch import Tensor

OVERSAMPLE_RATIO, IMPORTANCE_RATIO = 3.0, 0.75  # Mask2Former's


def loss_points(logits: Tensor, masks: Tensor, num_points: int) -> Tuple[Tensor, Tensor]:
    """Predictions and targets at uncertain points (Mask2Former, section 3.3 of its paper).

    Args:
        logits: (R, h, w).
        masks: Bool or float (R, H, W).
        num_points: P, or 0 for every pixel of the target.

    Returns:
        Logits (R, P) and float targets (R, P).
    """
    logits, masks = logits[:, None].float(), masks[:, None].float()
    if num_points == 0:
        logits = F.interpolate(logits, masks.shape[-2:], mode='bilinear', align_corners=False)
        return logits.flatten(1), masks.flatten(1)
    with torch.no_grad():
        points = get_uncertain_point_coords_with_randomness(
            logits, None, num_points, OVERSAMPLE_RATIO, IMPORTANCE_RATIO)
    return point_sample(logits, points)[:, 0], point_sample(masks, points)[:, 0]


def matching_points(logits: Tensor, masks: Tensor, num_points: int) -> Tuple[Tensor, Tensor]:
    """The same random points for every row of a frame, for the matcher.

    Args:
        logits: (L, N, Q, h, w).
        masks: Bool (N, n, H, W).
        num_points: P, or 0 for every cell of the prediction.

    Returns:
        Logits (L, N, Q, P) and float targets (N, n, P).
    """
    if num_points == 0:
        masks = F.adaptive_avg_pool2d(masks.float(), logits.shape[-2:])
        return logits.flatten(3), masks.flatten(2)
    points = torch.rand(len(masks), num_points, 2, device=logits.device)
    masks = point_sample(masks.float(), points)
    return torch.stack([point_sample(layer.float(), points) for layer in logits]), masks
