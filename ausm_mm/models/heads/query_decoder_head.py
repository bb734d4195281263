"""Query decoder head: Mask2Former's masked-attention decoder over tracks and detections."""
from typing import Dict, List, NamedTuple, Sequence, Tuple, Union

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from ausm_mm.registry import MODELS
from ausm_mm.structures import FrameFeatures
from ..layers import FFN, MultiheadAttention
from .dataset_classifiers import DatasetClassifiers


class RowPrediction(NamedTuple):
    """What one decoder layer says of N frames: the ID rows first, then the detection rows.

    class_logits: (N, n + N_det, K + 1), background last.
    mask_logits: (N, n + N_det, h, w) at the resolution of the mask feature.
    """
    class_logits: Tensor
    mask_logits: Tensor


class QueryDecoderLayer(BaseModule):
    """Masked cross-attention, self-attention, feed-forward; post-norm, as in Mask2Former."""

    def __init__(self, embed_dims: int, num_heads: int, feedforward_channels: int) -> None:
        super().__init__()
        self.cross_attn = MultiheadAttention(embed_dims, num_heads)
        self.self_attn = MultiheadAttention(embed_dims, num_heads)
        self.ffn = FFN(embed_dims, feedforward_channels)
        self.norms = nn.ModuleList(nn.LayerNorm(embed_dims) for _ in range(3))

    def forward(self, rows: Tensor, rows_pos: Tensor, keys: Tensor, keys_pos: Tensor,
                cross_mask: Tensor, self_mask: Tensor) -> Tensor:
        """rows (N, Q, D), keys (N, P, D), cross_mask (N, 1, Q, P), self_mask (N, 1, 1, Q)."""
        query = rows + rows_pos
        rows = self.norms[0](rows + self.cross_attn(query, keys + keys_pos, keys, cross_mask))
        query = rows + rows_pos
        rows = self.norms[1](rows + self.self_attn(query, query, rows, self_mask))
        return self.norms[2](rows + self.ffn(rows))


@MODELS.register_module()
class QueryDecoderHead(BaseModule):
    """Queries concat(A_{t-1}, V), keys and values from G_t (the paper's "Pixel Decoder").

    Row i < n continues object i, the other rows find objects that no ID has yet. Every layer's
    output gets a class and a mask (deep supervision), the queries before the first layer too.

    Args:
        num_classes: As for :class:`DatasetClassifiers`.
        embed_dims: D.
        num_queries: N_det, the detection queries.
        num_layers: Mask2Former's 9, so that its weights fill all layers (choice).
        num_heads: Attention heads.
        feedforward_channels: Inner width of the feed-forward block.
        num_levels: Key levels, used in turn from coarse to fine.
        pooled_classes: Classify each row by its query plus the frame's own feature averaged over
            the row's mask (choice; off with Mask2Former weights). From scratch the classes are
            learned many times faster.
        positional_encoding: Config of the keys' position code.
        loss: Config of the loss over all layers.
    """

    def __init__(self, num_classes: Dict[str, Union[int, str]], embed_dims: int = 256,
                 num_queries: int = 100, num_layers: int = 9, num_heads: int = 8,
                 feedforward_channels: int = 2048, num_levels: int = 3,
                 pooled_classes: bool = False,
                 positional_encoding: dict = dict(
                     type='SinePositionalEncoding', num_feats=128, normalize=True),
                 loss: dict = dict(type='QueryLoss'), init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.num_levels = num_levels
        self.positional_encoding = MODELS.build(positional_encoding)
        self.query_feat = nn.Embedding(num_queries, embed_dims)
        self.query_embed = nn.Embedding(num_queries, embed_dims)
        # ID rows differ by their vectors alone; they share one position (choice).
        self.id_embed = nn.Embedding(1, embed_dims)
        self.level_embed = nn.Embedding(num_levels, embed_dims)
        self.layers = nn.ModuleList(
            QueryDecoderLayer(embed_dims, num_heads, feedforward_channels)
            for _ in range(num_layers))
        self.post_norm = nn.LayerNorm(embed_dims)
        self.pool_proj = nn.Linear(embed_dims, embed_dims) if pooled_classes else None
        self.classifiers = DatasetClassifiers(embed_dims, num_classes)
        self.mask_embed = nn.Sequential(
            nn.Linear(embed_dims, embed_dims), nn.ReLU(inplace=True),
            nn.Linear(embed_dims, embed_dims), nn.ReLU(inplace=True),
            nn.Linear(embed_dims, embed_dims))
        self.loss_module = MODELS.build(loss)
        for parameter in self.layers.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, features: FrameFeatures, id_vectors: Tensor, in_use: Tensor,
                dataset_names: Sequence[str]) -> List[RowPrediction]:
        """Decode N frames.

        Args:
            features: G.
            id_vectors: A_{t-1}, (N, n, D).
            in_use: Bool (N, n); rows that are False are padding: no other row sees them.
            dataset_names: One per frame.

        Returns:
            One prediction per layer, the queries' own first, the one to use last.
        """
        N, n = in_use.shape
        rows = torch.cat([id_vectors, self.query_feat.weight.expand(N, -1, -1)], dim=1)
        rows_pos = torch.cat([
            self.id_embed.weight.expand(N, n, -1),
            self.query_embed.weight.expand(N, -1, -1)], dim=1)  # (N, n + N_det, D)
        self_mask = F.pad(in_use, (0, len(self.query_feat.weight)), value=True)[:, None, None]
        keys = [self._keys(features, level) for level in range(self.num_levels)]

        predictions = [self._predict(rows, features, dataset_names)]
        for i, layer in enumerate(self.layers):
            level = i % self.num_levels
            size = features.levels[level].shape[-2:]
            cross_mask = attention_mask(predictions[-1].mask_logits, features.valid(size))
            rows = layer(rows, rows_pos, *keys[level], cross_mask, self_mask)
            predictions.append(self._predict(rows, features, dataset_names))
        return predictions

    def _keys(self, features: FrameFeatures, level: int) -> Tuple[Tensor, Tensor]:
        """Keys and their position codes, (N, P, D) each."""
        feature = features.levels[level]
        pos = self.positional_encoding(~features.valid(feature.shape[-2:]))  # (N, D, h, w)
        keys = feature.flatten(2).transpose(1, 2) + self.level_embed.weight[level]
        return keys, pos.flatten(2).transpose(1, 2)

    def _predict(self, rows: Tensor, features: FrameFeatures,
                 dataset_names: Sequence[str]) -> RowPrediction:
        rows = self.post_norm(rows)
        masks = torch.einsum('nqd,ndhw->nqhw', self.mask_embed(rows), features.mask_feature)
        if self.pool_proj is not None:
            rows = rows + self.pool_proj(mask_pool(masks, features))
        return RowPrediction(self.classifiers(rows, dataset_names), masks)

    def loss(self, predictions: List[RowPrediction], forced) -> Dict[str, Tensor]:
        """Losses of all layers against teacher-forced targets (``ForcedClips``)."""
        return self.loss_module(predictions, forced)


def mask_pool(mask_logits: Tensor, features: FrameFeatures) -> Tensor:
    """Appearance averaged over each row's mask, which gets no gradient from it.

    Args:
        mask_logits: (N, Q, H, W).
        features: Of the N frames.

    Returns:
        (N, Q, D).
    """
    size = features.appearance.shape[-2:]
    share = F.adaptive_avg_pool2d(mask_logits.detach().float().sigmoid(), size)  # (N, Q, h, w)
    share = share * features.valid(size)[:, None]
    share = share / share.sum((2, 3), keepdim=True).clamp(min=1e-3)
    return torch.einsum('nqhw,ndhw->nqd', share.to(features.appearance.dtype), features.appearance)


@torch.no_grad()
def attention_mask(mask_logits: Tensor, valid: Tensor) -> Tensor:
    """Where each row may look: its own mask, or everywhere if that is empty; never at padding.

    Args:
        mask_logits: (N, Q, H, W).
        valid: Bool (N, h, w), False for padding.

    Returns:
        Bool (N, 1, Q, h * w).
    """
    logits = F.interpolate(mask_logits, valid.shape[-2:], mode='bilinear', align_corners=False)
    valid = valid[:, None].flatten(2)  # (N, 1, h * w)
    inside = (logits.flatten(2) >= 0) & valid  # (N, Q, h * w)
    return torch.where(inside.any(-1, keepdim=True), inside, valid)[:, None]
