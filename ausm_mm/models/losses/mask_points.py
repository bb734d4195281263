"""Points at which mask losses are taken."""
from typing import Sequence, Tuple

import torch
import torch.nn.functional as F
from mmcv.ops import point_sample
from mmdet.models.utils import get_uncertain_point_coords_with_randomness
from torch import Tensor

OVERSAMPLE_RATIO, IMPORTANCE_RATIO = 3.0, 0.75  # Mask2Former's
# Targets that become floats at once: those of all layers of a long clip would take gigabytes.
CHUNK = 64


def loss_points(logits: Tensor, masks: Tensor, num_points: int) -> Tuple[Tensor, Tensor]:
    """Predictions and targets at uncertain points (Mask2Former, section 3.3 of its paper).

    Args:
        logits: (R, h, w).
        masks: Bool or float (R, H, W).
        num_points: P, or 0 for every pixel of the target.

    Returns:
        Logits (R, P) and float targets (R, P).
    """
    logits, masks = logits[:, None].float(), masks[:, None]
    if num_points == 0:
        logits = F.interpolate(logits, masks.shape[-2:], mode='bilinear', align_corners=False)
        return logits.flatten(1), masks.float().flatten(1)
    with torch.no_grad():
        points = get_uncertain_point_coords_with_randomness(
            logits, None, num_points, OVERSAMPLE_RATIO, IMPORTANCE_RATIO)
        targets = torch.cat([point_sample(part.float(), at)[:, 0]
                             for part, at in zip(masks.split(CHUNK), points.split(CHUNK))])
    return point_sample(logits, points)[:, 0], targets


def matching_points(logits: Sequence[Tensor], masks: Tensor,
                    num_points: int) -> Tuple[Tensor, Tensor]:
    """The same random points for every row of a frame, for the matcher.

    Args:
        logits: Of the L layers, (N, Q, h, w) each.
        masks: Bool (N, n, H, W).
        num_points: P, or 0 for every cell of the prediction.

    Returns:
        Logits (L, N, Q, P) and float targets (N, n, P).
    """
    if num_points == 0:
        masks = F.adaptive_avg_pool2d(masks.float(), logits[0].shape[-2:])
        return torch.stack([layer.flatten(2) for layer in logits]), masks.flatten(2)
    points = torch.rand(len(masks), num_points, 2, device=masks.device)
    masks = point_sample(masks.float(), points)
    return torch.stack([point_sample(layer.float(), points) for layer in logits]), masks
