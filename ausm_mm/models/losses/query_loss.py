"""Losses of tracking and detection rows, after every decoder layer."""
from typing import Dict, List

import torch
import torch.nn.functional as F
from mmdet.utils import reduce_mean
from mmengine.dist import get_world_size
from mmengine.model import BaseModule
from torch import Tensor

from ausm_mm.registry import MODELS, TASK_UTILS
from ..heads.query_decoder_head import RowPrediction
from ..task_modules import ForcedClips
from .mask_points import loss_points, matching_points

IGNORE = -100


@MODELS.register_module()
class QueryLoss(BaseModule):
    """Cross-entropy on classes, binary cross-entropy and dice on masks (section 5).

    Tracking rows have fixed targets, detection rows are matched. Each kind is averaged over its
    own targets and reported apart, summed over the layers.

    Args:
        class_weight, mask_weight, dice_weight: Weights of the three losses.
        track_background, detect_background: Weight of the background class in the cross-entropy
            of either kind; Mask2Former's 0.1 is for 100 queries.
        empty_weight: Weight of the binary cross-entropy that empties the mask of hidden tracked
            objects, relative to ``mask_weight`` (choice; 0 as in the paper).
        num_points: Points a mask; 0 takes every pixel, for tiny frames.
        matcher: Config of the assignment.
    """

    def __init__(self, class_weight: float = 2., mask_weight: float = 5., dice_weight: float = 5.,
                 track_background: float = 0.1, detect_background: float = 0.1,
                 empty_weight: float = 0., num_points: int = 12544,
                 matcher: dict = dict(type='HungarianMatcher'), init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.class_weight = class_weight
        self.mask_weight = mask_weight
        self.dice_weight = dice_weight
        self.track_background = track_background
        self.detect_background = detect_background
        self.empty_weight = empty_weight
        self.num_points = num_points
        self.matcher = TASK_UTILS.build(matcher)

    def forward(self, predictions: List[RowPrediction], forced: ForcedClips) -> Dict[str, Tensor]:
        """Predictions of all layers for the B * T frames of the clips, clip by clip."""
        n = forced.in_use.shape[-1]
        classes = torch.stack([p.class_logits for p in predictions]).float()  # (L, N, n + Q, K+1)
        # Layer by layer: stacked, the masks of a long clip would take gigabytes once more.
        masks = [p.mask_logits for p in predictions]  # L x (N, n + Q, h, w)
        track = self._track_losses(classes[:, :, :n], [m[:, :n] for m in masks], forced)
        detect = self._detect_losses(classes[:, :, n:], [m[:, n:] for m in masks], forced)
        return {**{f'track.{k}': v for k, v in track.items()},
                **{f'detect.{k}': v for k, v in detect.items()}}

    def _track_losses(self, classes: Tensor, masks: List[Tensor],
                      forced: ForcedClips) -> Dict[str, Tensor]:
        L, background = len(classes), classes.shape[-1] - 1
        in_use, visible = forced.in_use.flatten(0, 1), forced.visible.flatten(0, 1)  # (N, n)
        target = torch.where(visible, _per_frame(forced.labels, forced), background)
        target = target.masked_fill(~in_use, IGNORE)
        shown, hidden = in_use & visible, in_use & ~visible  # (N, n)
        truth = forced.masks.flatten(0, 1)[shown].repeat(L, 1, 1)
        losses = self._losses(classes, target.expand(L, -1, -1), self.track_background,
                              torch.cat([layer[shown] for layer in masks]), truth)
        if self.empty_weight:
            losses['loss_empty'] = self._empty_loss(
                torch.cat([layer[hidden] for layer in masks]), hidden)
        return losses

    def _detect_losses(self, classes: Tensor, masks: List[Tensor],
                       forced: ForcedClips) -> Dict[str, Tensor]:
        background = classes.shape[-1] - 1
        labels, truth = _per_frame(forced.labels, forced), forced.masks.flatten(0, 1)
        wanted = (forced.detect & forced.exhaustive[:, None, None]).flatten(0, 1)  # (N, n)
        points, truth_points = matching_points(
            [layer.detach() for layer in masks], truth, self.num_points)
        matched = self.matcher(classes, points, labels, truth_points, wanted)  # (L, N, Q)
        rows = (matched >= 0).nonzero(as_tuple=True)
        objects = matched[rows]
        target = torch.full_like(matched, background)
        target[rows] = labels[rows[1], objects]
        trained = forced.exhaustive.repeat_interleave(forced.in_use.shape[1])  # (N,)
        target = target.masked_fill(~trained[None, :, None], IGNORE)
        chosen = torch.cat([layer[of_layer >= 0] for layer, of_layer in zip(masks, matched)])
        return self._losses(classes, target, self.detect_background, chosen,
                            truth[rows[1], objects])

    def _losses(self, classes: Tensor, target: Tensor, background_weight: float, masks: Tensor,
                truth: Tensor) -> Dict[str, Tensor]:
        """classes (L, N, Q, K + 1), target (L, N, Q); masks (R, h, w), truth (R, H, W)."""
        L = len(classes)
        weight = classes.new_ones(classes.shape[-1])
        weight[-1] = background_weight
        # Columns that a data set does not have are -inf; a zero weight times inf would be nan.
        log_prob = classes.log_softmax(-1).clamp(min=-1e4)
        total = _across_ranks(weight[target.clamp(min=0)].mul(target != IGNORE).sum() / L)
        cls = F.nll_loss(log_prob.flatten(0, 2), target.flatten(), weight, ignore_index=IGNORE,
                         reduction='sum')
        count = _across_ranks(classes.new_tensor(len(masks) / L))
        logits, truth = loss_points(masks, truth, self.num_points)
        bce = F.binary_cross_entropy_with_logits(logits, truth, reduction='none').mean(1).sum()
        prob = logits.sigmoid()
        dice = 1 - (2 * (prob * truth).sum(1) + 1) / (prob.sum(1) + truth.sum(1) + 1)
        return dict(
            loss_cls=self.class_weight * cls / total,
            loss_mask=self.mask_weight * bce / count,
            loss_dice=self.dice_weight * dice.sum() / count)

    def _empty_loss(self, masks: Tensor, hidden: Tensor) -> Tensor:
        count = _across_ranks(hidden.sum().float())
        bce = F.softplus(masks.float()).flatten(1).mean(1).sum()  # -log(1 - p)
        return self.empty_weight * self.mask_weight * bce / count


def _per_frame(labels: Tensor, forced: ForcedClips) -> Tensor:
    """(B, n) -> (B * T, n)."""
    return labels.repeat_interleave(forced.in_use.shape[1], 0)


def _across_ranks(count: Tensor) -> Tensor:
    """Mean of a normaliser over the ranks, of a sum of at least 1: that gives the ranks' gradients,
    averaged, what one process with all of their clips gets."""
    return reduce_mean(count).clamp(min=1 / get_world_size())
