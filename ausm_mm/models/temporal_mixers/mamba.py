"""Mamba-1 as a temporal mixer (the paper's choice; arXiv 2312.00752)."""
import math
from typing import NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ausm_mm.registry import MODELS
from .base import TemporalMixer
from .causal_conv import causal_conv
from .selective_scan import ScanOutput, selective_scan_blocked, selective_scan_loop
from .selective_scan_cuda import cuda_kernels_usable, selective_scan_cuda


class MambaState(NamedTuple):
    """conv (N, K - 1, E): last inputs of the convolution; ssm (N, S, E) float32."""
    conv: Tensor
    ssm: Tensor


@MODELS.register_module()
class Mamba(TemporalMixer):
    """Selective state-space block with a per-channel decay.

    Args:
        embed_dims: D, width of input and output.
        state_dims: S, state entries per channel.
        conv_kernel: K, width of the causal convolution over time.
        expand: E / D, inner width over outer width.
    """

    def __init__(self, embed_dims: int, state_dims: int = 16, conv_kernel: int = 4,
                 expand: float = 2, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.inner_dims = E = int(embed_dims * expand)
        self.state_dims = state_dims
        self.dt_rank = math.ceil(embed_dims / 16)
        self.in_proj = nn.Linear(embed_dims, 2 * E, bias=False)
        self.conv_weight = nn.Parameter(torch.empty(E, conv_kernel))
        self.conv_bias = nn.Parameter(torch.empty(E))
        self.x_proj = nn.Linear(E, self.dt_rank + 2 * state_dims, bias=False)
        self.dt_proj = nn.Linear(self.dt_rank, E)
        self.A_log = nn.Parameter(torch.arange(1., state_dims + 1).log().repeat(E, 1))
        self.D = nn.Parameter(torch.ones(E))
        self.out_proj = nn.Linear(E, embed_dims, bias=False)
        self._init_parameters()

    def _init_parameters(self) -> None:
        """As in the reference implementation: steps spread log-uniformly over [1e-3, 1e-1]."""
        bound = self.conv_weight.shape[1]**-0.5
        nn.init.uniform_(self.conv_weight, -bound, bound)
        nn.init.uniform_(self.conv_bias, -bound, bound)
        nn.init.uniform_(self.dt_proj.weight, -self.dt_rank**-0.5, self.dt_rank**-0.5)
        dt = torch.exp(torch.empty(self.inner_dims).uniform_(math.log(1e-3), math.log(1e-1)))
        with torch.no_grad():
            self.dt_proj.bias.copy_(dt + torch.log(-torch.expm1(-dt)))  # inverse of softplus

    def forward(self, x: Tensor,
                state: Optional[MambaState] = None) -> Tuple[Tensor, MambaState]:
        """x (N, T, D) -> y (N, T, D) and the state after the last frame."""
        u, gate = self.in_proj(x).chunk(2, dim=-1)  # (N, T, E) each
        u, conv_state = causal_conv(u, self.conv_weight, self.conv_bias,
                                    None if state is None else state.conv)
        y, ssm_state = self._scan(F.silu(u), None if state is None else state.ssm)
        return self.out_proj(y.to(gate.dtype) * F.silu(gate)), MambaState(conv_state, ssm_state)

    def step(self, x: Tensor, state: Optional[MambaState] = None) -> Tuple[Tensor, MambaState]:
        """x (N, D) -> y (N, D) and the state after the frame."""
        y, state = self(x[:, None], state)
        return y[:, 0], state

    def _scan(self, u: Tensor, state: Optional[Tensor]) -> ScanOutput:
        """u (N, T, E) -> y (N, T, E) and the last state, in float32 also inside autocast."""
        dt, B, C = self.x_proj(u).split([self.dt_rank, self.state_dims, self.state_dims], dim=-1)
        with torch.autocast(u.device.type, enabled=False):
            u, B, C = u.float(), B.float(), C.float()
            dt = F.softplus(F.linear(dt.float(), self.dt_proj.weight, self.dt_proj.bias))
            y, state = self.scan(u, dt, -torch.exp(self.A_log), B, C, state)
            return y + self.D * u, state

    @staticmethod
    def scan(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor,
             state: Optional[Tensor]) -> ScanOutput:
        """The fastest form for where the tensors are; see :mod:`.selective_scan`."""
        if x.is_cuda and cuda_kernels_usable():
            return selective_scan_cuda(x, dt, A, B, C, state)
        if x.is_cuda:
            return selective_scan_loop(x, dt, A, B, C, state)
        return selective_scan_blocked(x, dt, A, B, C, state)


@MODELS.register_module()
class MambaLoop(Mamba):
    """The same block and weights by the plain loop over frames: the oracle of the fast forms."""
    scan = staticmethod(selective_scan_loop)
