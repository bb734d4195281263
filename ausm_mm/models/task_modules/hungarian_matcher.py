"""Detection rows <-> detection targets, for all layers and frames in one go."""
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ausm_mm.registry import TASK_UTILS


@TASK_UTILS.register_module()
class HungarianMatcher:
    """Cheapest one-to-one assignment under Mask2Former's costs.

    mmdet's assigner works image by image; here layers and frames share one cost tensor and one
    transfer to the CPU.

    Args:
        class_weight, mask_weight, dice_weight: Weights of the three costs.
    """

    def __init__(self, class_weight: float = 2., mask_weight: float = 5.,
                 dice_weight: float = 5.) -> None:
        self.class_weight = class_weight
        self.mask_weight = mask_weight
        self.dice_weight = dice_weight

    @torch.no_grad()
    def __call__(self, class_logits: Tensor, mask_logits: Tensor, labels: Tensor, masks: Tensor,
                 wanted: Tensor) -> Tensor:
        """Match.

        Args:
            class_logits: (L, N, Q, K + 1), L layers, N frames, Q rows.
            mask_logits: (L, N, Q, P) at P points.
            labels: Long (N, n).
            masks: Float (N, n, P), the targets at the same points.
            wanted: Bool (N, n), which of the n objects are targets of the frame.

        Returns:
            Long (L, N, Q): the object matched to each row, or -1.
        """
        cost = self._cost(class_logits, mask_logits, labels, masks)
        # SciPy refuses nan; the losses of such rows are nan as well, and NonFiniteLossHook stops
        # at them with more to say.
        cost = cost.nan_to_num().cpu().double().numpy()
        L, N, Q = mask_logits.shape[:3]
        matched = torch.full((L, N, Q), -1, dtype=torch.long)
        for frame in range(N):
            objects = wanted[frame].nonzero()[:, 0].cpu()
            if len(objects) == 0:
                continue
            for layer in range(L):
                rows, columns = linear_sum_assignment(cost[layer, frame][:, objects.numpy()])
                matched[layer, frame, rows] = objects[columns]
        return matched.to(labels.device)

    def _cost(self, class_logits: Tensor, mask_logits: Tensor, labels: Tensor,
              masks: Tensor) -> Tensor:
        """(L, N, Q, n)."""
        L, N, Q, P = mask_logits.shape
        logits, masks = mask_logits.float(), masks.float()
        index = labels[None, :, None].expand(L, N, Q, labels.shape[-1])
        cls_cost = -class_logits.float().softmax(-1).gather(-1, index)
        targets = masks.transpose(1, 2)  # (N, P, n)
        # mean over points of -[y log p + (1 - y) log(1 - p)]
        bce = (F.softplus(logits).sum(-1, keepdim=True) - logits @ targets) / P
        prob = logits.sigmoid()
        dice = 1 - (2 * (prob @ targets) + 1) / (
            prob.sum(-1, keepdim=True) + masks.sum(-1)[:, None] + 1)
        return self.class_weight * cls_cost + self.mask_weight * bce + self.dice_weight * dice
