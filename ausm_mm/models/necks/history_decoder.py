"""History decoder: the frame's feature looks up the compressed history (section 3)."""
from dataclasses import replace

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from ausm_mm.registry import MODELS
from ausm_mm.structures import FrameFeatures
from ..layers import FFN, MultiheadAttention


class HistoryDecoderLayer(BaseModule):
    """Self-attention of the frame, cross-attention to its history, feed-forward; pre-norm."""

    def __init__(self, embed_dims: int, num_heads: int, feedforward_channels: int) -> None:
        super().__init__()
        self.self_norm = nn.LayerNorm(embed_dims)
        self.self_attn = MultiheadAttention(embed_dims, num_heads)
        self.cross_norm = nn.LayerNorm(embed_dims)
        self.cross_attn = MultiheadAttention(embed_dims, num_heads)
        self.ffn_norm = nn.LayerNorm(embed_dims)
        self.ffn = FFN(embed_dims, feedforward_channels)

    def forward(self, x: Tensor, history: Tensor, pos: Tensor, attend: Tensor) -> Tensor:
        """x (N, P, D), history (N, P, D), pos (N, P, D), attend bool (N, 1, 1, P) -> (N, P, D)."""
        value = self.self_norm(x)
        query = value + pos
        x = x + self.self_attn(query, query, value, attend)
        x = x + self.cross_attn(self.cross_norm(x) + pos, history + pos, history, attend)
        return x + self.ffn(self.ffn_norm(x))


@MODELS.register_module()
class HistoryDecoder(BaseModule):
    """G_t = HistoryDecoder(X_t, F_t), on all levels of the frame's features.

    The history's contribution ``R = G - X`` is found at the finest level; the coarser key levels
    get it resized, the mask feature through a linear projection (choice: keeps Mask2Former's
    three key levels).

    Args:
        embed_dims: D.
        num_layers: The paper: 6.
        num_heads: Of both attentions.
        feedforward_channels: Inner width of the feed-forward block.
        zero_init: Start with ``R = 0``, so that the model equals the Mask2Former that its weights
            came from; off when training from scratch (choice).
        positional_encoding: Config of the position code that queries and keys get.
    """

    def __init__(self, embed_dims: int = 256, num_layers: int = 6, num_heads: int = 8,
                 feedforward_channels: int = 1024, zero_init: bool = False,
                 positional_encoding: dict = dict(
                     type='SinePositionalEncoding', num_feats=128, normalize=True),
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.positional_encoding = MODELS.build(positional_encoding)
        # Nothing else ties pixel p of F to pixel p of X (choice; decisive from scratch).
        self.local_path = nn.Linear(embed_dims, embed_dims)
        self.layers = nn.ModuleList(
            HistoryDecoderLayer(embed_dims, num_heads, feedforward_channels)
            for _ in range(num_layers))
        self.norm = nn.LayerNorm(embed_dims)
        self.out_proj = nn.Linear(embed_dims, embed_dims)
        # No bias: the mask feature must stay as it is while R is zero.
        self.mask_proj = nn.Linear(embed_dims, embed_dims, bias=False)
        # Identities: painted IDs reach the mask feature as they are, where the rows of the same
        # IDs look for them. Tracking starts to learn after 220 instead of 420 iterations (choice).
        for linear in (self.local_path, self.out_proj, self.mask_proj):
            nn.init.eye_(linear.weight)
        if zero_init:
            nn.init.zeros_(self.out_proj.weight)
            nn.init.zeros_(self.out_proj.bias)

    def forward(self, features: FrameFeatures, history: Tensor) -> FrameFeatures:
        """N frames, each with its own history.

        Args:
            features: X of N frames.
            history: F of the same frames, (N, D, h, w).

        Returns:
            G of the N frames.
        """
        h, w = history.shape[-2:]
        valid = features.valid((h, w))
        pos = self.positional_encoding(~valid).flatten(2).transpose(1, 2)  # (N, h * w, D)
        attend = valid.flatten(1)[:, None, None]
        history = history.flatten(2).transpose(1, 2)  # (N, h * w, D)
        x = features.x.flatten(2).transpose(1, 2) + self.local_path(history)  # (N, h * w, D)
        for layer in self.layers:
            x = layer(x, history, pos, attend)
        residual = self.out_proj(self.norm(x))  # (N, h * w, D)
        # Padding must not leak into the valid cells when the residual is resized.
        residual = residual * valid.flatten(1)[..., None]
        for_mask = _to_map(self.mask_proj(residual), h, w)
        residual = _to_map(residual, h, w)
        return replace(
            features,
            levels=tuple(_add_resized(level, residual) for level in features.levels),
            mask_feature=_add_resized(features.mask_feature, for_mask))


def _to_map(x: Tensor, h: int, w: int) -> Tensor:
    return x.transpose(1, 2).unflatten(-1, (h, w))  # (N, D, h, w)


def _add_resized(feature: Tensor, residual: Tensor) -> Tensor:
    size = feature.shape[-2:]
    if size != residual.shape[-2:]:
        coarser = size[0] < residual.shape[-2]
        residual = F.adaptive_avg_pool2d(residual, size) if coarser else F.interpolate(
            residual, size, mode='bilinear', align_corners=False)
    return feature + residual
