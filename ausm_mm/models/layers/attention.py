"""Attention and feed-forward blocks."""
from typing import Optional

import torch.nn.functional as F
from torch import Tensor, nn


class MultiheadAttention(nn.MultiheadAttention):
    """``nn.MultiheadAttention`` weights, always computed by ``scaled_dot_product_attention``.

    The parent also averages the attention weights, which keeps it from the kernels that need no
    (L_q, L_k) memory.
    """

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__(embed_dims, num_heads, batch_first=True)

    def forward(self, query: Tensor, key: Tensor, value: Tensor,
                mask: Optional[Tensor] = None) -> Tensor:
        """Attend.

        Args:
            query: (N, L_q, D).
            key: (N, L_k, D).
            value: (N, L_k, D).
            mask: Bool, broadcastable to (N, heads, L_q, L_k); True where a query may look.

        Returns:
            (N, L_q, D).
        """
        weights = self.in_proj_weight.chunk(3)
        biases = self.in_proj_bias.chunk(3)
        q, k, v = (self._split_heads(F.linear(x, w, b))
                   for x, w, b in zip((query, key, value), weights, biases))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # (N, heads, L_q, D/heads)
        return self.out_proj(out.transpose(1, 2).flatten(2))  # (N, L_q, D)

    def _split_heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # (N, heads, L, D/heads)


class FFN(nn.Sequential):
    """Two linear layers with a ReLU between; the residual is the caller's."""

    def __init__(self, embed_dims: int, feedforward_channels: int) -> None:
        super().__init__(
            nn.Linear(embed_dims, feedforward_channels), nn.ReLU(inplace=True),
            nn.Linear(feedforward_channels, embed_dims))
