"""Mamba-2 as a temporal mixer: one decay per head (arXiv 2405.21060).

A variant under its own name, not a stand-in for the paper's Mamba-1: on CPUs about ten times
cheaper, but another parameterisation.
"""
import math
from typing import NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ausm_mm.errors import UserError
from ausm_mm.registry import MODELS
from .base import TemporalMixer
from .causal_conv import causal_conv


class Mamba2State(NamedTuple):
    """conv (N, K - 1, E + 2S): last inputs of the convolution; ssm (N, heads, S, P) float32."""
    conv: Tensor
    ssm: Tensor


@MODELS.register_module()
class Mamba2(TemporalMixer):
    """State-space-dual block in its quadratic form, meant for at most about 64 frames at once.

    Args:
        embed_dims: D, width of input and output.
        state_dims: S, state entries per channel.
        head_dims: P, channels that share a decay.
        conv_kernel: K, width of the causal convolution over time.
        expand: E / D, inner width over outer width; E must be a multiple of P.
    """

    def __init__(self, embed_dims: int, state_dims: int = 64, head_dims: int = 64,
                 conv_kernel: int = 4, expand: float = 2, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.inner_dims = E = int(embed_dims * expand)
        if E % head_dims:
            raise UserError(f'Mamba2: inner width {E} (embed_dims * expand) is not a multiple of '
                            f'head_dims={head_dims}; choose a head_dims that divides it')
        self.num_heads = H = E // head_dims
        self.state_dims = S = state_dims
        self.in_proj = nn.Linear(embed_dims, 2 * E + 2 * S + H, bias=False)
        bound = conv_kernel**-0.5
        self.conv_weight = nn.Parameter(torch.empty(E + 2 * S, conv_kernel).uniform_(-bound, bound))
        self.conv_bias = nn.Parameter(torch.empty(E + 2 * S).uniform_(-bound, bound))
        dt = torch.exp(torch.empty(H).uniform_(math.log(1e-3), math.log(1e-1)))
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))  # inverse of softplus
        self.A_log = nn.Parameter(torch.empty(H).uniform_(1, 16).log())
        self.D = nn.Parameter(torch.ones(H))
        self.norm = nn.RMSNorm(E, eps=1e-5)
        self.out_proj = nn.Linear(E, embed_dims, bias=False)

    def forward(self, x: Tensor,
                state: Optional[Mamba2State] = None) -> Tuple[Tensor, Mamba2State]:
        """x (N, T, D) -> y (N, T, D) and the state after the last frame."""
        E, S, H = self.inner_dims, self.state_dims, self.num_heads
        gate, u, dt = self.in_proj(x).split([E, E + 2 * S, H], dim=-1)
        u, conv_state = causal_conv(u, self.conv_weight, self.conv_bias,
                                    None if state is None else state.conv)
        u, B, C = F.silu(u).split([E, S, S], dim=-1)
        u = u.unflatten(-1, (H, -1))  # (N, T, H, P)
        with torch.autocast(x.device.type, enabled=False):
            dt = F.softplus(dt.float() + self.dt_bias)
            y, ssm_state = ssd_quadratic(u.float(), dt, -torch.exp(self.A_log), B.float(),
                                         C.float(), None if state is None else state.ssm)
            y = (y + self.D[:, None] * u).flatten(2)  # (N, T, E)
        y = self.norm(y.to(gate.dtype) * F.silu(gate))
        return self.out_proj(y), Mamba2State(conv_state, ssm_state)

    def step(self, x: Tensor, state: Optional[Mamba2State] = None) -> Tuple[Tensor, Mamba2State]:
        """x (N, D) -> y (N, D) and the state after the frame."""
        y, state = self(x[:, None], state)
        return y[:, 0], state


def ssd_quadratic(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor,
                  state: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
    """State-space dual by a (T, T) matrix per head.

        c = cumsum(dt A);  M_ts = [s <= t] exp(c_t - c_s) (C_t.B_s) dt_s
        y = M x + exp(c_t) C_t h_0;  h_T = exp(c_T) h_0 + sum_s exp(c_T - c_s) dt_s B_s x_s^T

    Args:
        x: (N, T, H, P).
        dt: (N, T, H) positive.
        A: (H,) negative.
        B: (N, T, S).
        C: (N, T, S).
        state: (N, H, S, P) before the first frame; zeros if None.

    Returns:
        y (N, T, H, P) and the state after the last frame (N, H, S, P).
    """
    T = x.shape[1]
    c = (dt * A).cumsum(1).transpose(1, 2)  # (N, H, T)
    later = torch.ones(T, T, dtype=torch.bool, device=x.device).triu(1)
    # Masked before the exponential: c_t - c_s is positive for s > t and may overflow.
    decay = (c[..., :, None] - c[..., None, :]).masked_fill(later, -torch.inf).exp()
    u = x * dt[..., None]  # (N, T, H, P)
    scores = (C @ B.transpose(1, 2))[:, None] * decay  # (N, H, T, T)
    y = torch.einsum('nhts,nshp->nthp', scores, u)
    to_end = (c[..., -1:] - c).exp()  # (N, H, T)
    last = torch.einsum('nht,nts,nthp->nhsp', to_end, B, u)
    if state is not None:
        y = y + torch.einsum('nht,nts,nhsp->nthp', c.exp(), C, state)
        last = last + c[..., -1].exp()[..., None, None] * state
    return y, last
