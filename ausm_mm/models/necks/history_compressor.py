"""History compressor: what was marked in the past, dissolved into one feature map (section 3)."""
from typing import NamedTuple, Optional, Sequence, Tuple

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from ausm_mm.registry import MODELS
from ..layers import FFN, MultiheadAttention

# Pixels that a mixer processes at once without gradients: measured on CPUs, 128-256 keep the
# peak memory of a 1024-pixel frame at 34 instead of 734 MiB and cost no time.
CHUNK = 256

States = Tuple[NamedTuple, ...]


class HistoryCompressorLayer(BaseModule):
    """Temporal mixer, spatial self-attention, feed-forward; residual, pre-norm."""

    def __init__(self, embed_dims: int, num_heads: int, feedforward_channels: int,
                 mixer: dict) -> None:
        super().__init__()
        self.mixer_norm = nn.LayerNorm(embed_dims)
        self.mixer = MODELS.build(dict(mixer, embed_dims=embed_dims))
        self.attn_norm = nn.LayerNorm(embed_dims)
        self.attn = MultiheadAttention(embed_dims, num_heads)
        self.ffn_norm = nn.LayerNorm(embed_dims)
        self.ffn = FFN(embed_dims, feedforward_channels)

    def forward(self, x: Tensor, pos: Tensor, attend: Tensor,
                state: Optional[NamedTuple]) -> Tuple[Tensor, NamedTuple]:
        """One layer on all frames.

        Args:
            x: (B, T, P, D), P pixels a frame.
            pos: (B, P, D) position codes.
            attend: Bool (B, P), False for padding.
            state: State of the mixer.

        Returns:
            (B, T, P, D) and the mixer's new state.
        """
        B, T, P, D = x.shape
        sequences = self.mixer_norm(x).transpose(1, 2).reshape(B * P, T, D)
        mixed, state = mix_in_chunks(self.mixer, sequences, state)
        x = x + mixed.view(B, P, T, D).transpose(1, 2)

        x = x.reshape(B * T, P, D)
        value = self.attn_norm(x)
        query = value + pos.repeat_interleave(T, 0)
        mask = attend.repeat_interleave(T, 0)[:, None, None]  # (B * T, 1, 1, P)
        x = (x + self.attn(query, query, value, mask)).view(B, T, P, D)
        return x + self.ffn(self.ffn_norm(x)), state


def mix_in_chunks(mixer: nn.Module, x: Tensor,
                  state: Optional[NamedTuple]) -> Tuple[Tensor, NamedTuple]:
    """Run a temporal mixer; without gradients in chunks of pixels, to bound the memory.

    x (N, T, D) -> (N, T, D) and the mixer's state.
    """
    if torch.is_grad_enabled() or len(x) <= CHUNK:
        return mixer(x, state)
    outs, states = [], []
    for i in range(0, len(x), CHUNK):
        part = None if state is None else type(state)(*(s[i:i + CHUNK] for s in state))
        out, part = mixer(x[i:i + CHUNK], part)
        outs.append(out)
        states.append(part)
    return torch.cat(outs), type(states[0])(*(torch.cat(s) for s in zip(*states)))


@MODELS.register_module()
class HistoryCompressor(BaseModule):
    """F_1..T = HistoryCompressor(E_1..T).

    E_t only holds frames before t, so causality over T is all it needs.

    Args:
        embed_dims: D.
        num_layers: The paper: 6.
        num_heads: Of the spatial self-attention.
        feedforward_channels: Inner width of the feed-forward block.
        mixer: Config of the temporal mixer.
        positional_encoding: Config of the position code that the attention's queries and keys get.
    """

    def __init__(self, embed_dims: int = 256, num_layers: int = 6, num_heads: int = 8,
                 feedforward_channels: int = 1024, mixer: dict = dict(type='Mamba'),
                 positional_encoding: dict = dict(
                     type='SinePositionalEncoding', num_feats=128, normalize=True),
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.positional_encoding = MODELS.build(positional_encoding)
        self.layers = nn.ModuleList(
            HistoryCompressorLayer(embed_dims, num_heads, feedforward_channels, mixer)
            for _ in range(num_layers))
        self.norm = nn.LayerNorm(embed_dims)

    def forward(self, marked: Tensor, valid: Tensor,
                states: Optional[Sequence[NamedTuple]] = None) -> Tuple[Tensor, States]:
        """All frames at once (Algorithm 2).

        Args:
            marked: E_1..T, (B, T, D, h, w).
            valid: Bool (B, h, w), False for padding.
            states: Of the mixers after the frames before; None at the start.

        Returns:
            F_1..T (B, T, D, h, w) and the mixers' states after the last frame.
        """
        B, T, D, h, w = marked.shape
        x = marked.flatten(3).transpose(2, 3)  # (B, T, h * w, D)
        pos = self.positional_encoding(~valid).flatten(2).transpose(1, 2)  # (B, h * w, D)
        new_states = []
        for layer, state in zip(self.layers, states or [None] * len(self.layers)):
            x, state = layer(x, pos, valid.flatten(1), state)
            new_states.append(state)
        x = self.norm(x).transpose(2, 3).reshape(B, T, D, h, w)
        return x, tuple(new_states)

    def step(self, marked: Tensor, valid: Tensor,
             states: Optional[Sequence[NamedTuple]] = None) -> Tuple[Tensor, States]:
        """One frame (Algorithm 1): E_t (B, D, h, w) -> F_t (B, D, h, w) and the new states."""
        x, states = self(marked[:, None], valid, states)
        return x[:, 0], states
