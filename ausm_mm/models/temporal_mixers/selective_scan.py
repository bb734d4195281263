"""The selective scan of Mamba-1 (arXiv 2312.00752, equation 2 with the input-dependent terms).

    h_t = exp(dt_t A) * h_{t-1} + B_t (dt_t x_t)^T        y_t = C_t^T h_t

N sequences (pixels), T frames, S state entries, D channels. All of it in float32: half precision
loses the recurrence.
"""
from typing import Optional, Tuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# States of one block, in elements: 1 MiB of float32, what a core's L2 cache holds.
BLOCK_ELEMENTS = 2**18

ScanOutput = Tuple[Tensor, Tensor]


def selective_scan_loop(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor,
                        state: Optional[Tensor] = None) -> ScanOutput:
    """The definition, as a loop over frames: slow, differentiable in everything, the oracle.

    Args:
        x: (N, T, D) input.
        dt: (N, T, D) positive step sizes.
        A: (D, S) negative decay rates.
        B: (N, T, S) input map.
        C: (N, T, S) output map.
        state: (N, S, D) state before the first frame; zeros if None.

    Returns:
        y (N, T, D) and the state after the last frame (N, S, D).
    """
    N, T, D = x.shape
    h = x.new_zeros(N, A.shape[1], D) if state is None else state
    ys = []
    for t in range(T):
        decay = torch.exp(dt[:, t, None] * A.t())  # (N, S, D)
        h = decay * h + B[:, t, :, None] * (dt[:, t] * x[:, t])[:, None]
        ys.append((C[:, t, :, None] * h).sum(1))  # (N, D)
    return torch.stack(ys, 1), h


class _BlockedScan(torch.autograd.Function):
    """Blocks of pixels whose states fit the cache; states are recomputed in the backward pass.

    With g_t = C_t dy_t^T + a_{t+1} * g_{t+1} and a_t = exp(dt_t A):
    dC = h.dy, dB = g.(dt x), d(dt x) = B^T g, q = g * a * h_{t-1}, d dt += sum_S q A,
    dA += sum q dt.
    """

    @staticmethod
    def forward(ctx, x, dt, A, B, C, state):
        N, T, D = x.shape
        S = A.shape[1]
        u = dt * x
        At = A.t().contiguous()  # (S, D)
        y = torch.empty_like(x)
        last = x.new_empty(N, S, D)
        for rows in _blocks(N, S * D):
            h = None if state is None else state[rows]
            for t in range(T):
                h = _advance(h, dt[rows, t], At, B[rows, t], u[rows, t])[0]
                y[rows, t] = torch.bmm(C[rows, t, None], h)[:, 0]
            last[rows] = h
        ctx.save_for_backward(x, dt, A, B, C, state)
        ctx.mark_non_differentiable(last)
        return y, last

    @staticmethod
    @once_differentiable
    def backward(ctx, dy, _):
        x, dt, A, B, C, state = ctx.saved_tensors
        N, T, D = x.shape
        S = A.shape[1]
        u = dt * x
        At = A.t().contiguous()
        du, ddt = torch.empty_like(x), torch.empty_like(x)
        dAt = torch.zeros_like(At)
        dB, dC = torch.empty_like(B), torch.empty_like(C)
        for rows in _blocks(N, S * D):
            h = None if state is None else state[rows]
            states, decays = [h], []
            for t in range(T):
                h, decay = _advance(h, dt[rows, t], At, B[rows, t], u[rows, t])
                states.append(h)
                decays.append(decay)
            g = None
            for t in range(T - 1, -1, -1):
                new = C[rows, t, :, None] * dy[rows, t, None]  # (b, S, D)
                g = new if g is None else new.addcmul_(decays[t + 1], g)
                dC[rows, t] = torch.bmm(states[t + 1], dy[rows, t, :, None])[..., 0]
                dB[rows, t] = torch.bmm(g, u[rows, t, :, None])[..., 0]
                du[rows, t] = torch.bmm(B[rows, t, None], g)[:, 0]
                if states[t] is None:
                    ddt[rows, t] = 0
                else:
                    q = (decays[t] * states[t]).mul_(g)
                    ddt[rows, t] = (q * At).sum(1)
                    dAt += torch.einsum('bsd,bd->sd', q, dt[rows, t])
        return du * dt, ddt + du * x, dAt.t(), dB, dC, None


def _blocks(n: int, elements_per_row: int):
    size = max(1, BLOCK_ELEMENTS // elements_per_row)
    return (slice(i, min(i + size, n)) for i in range(0, n, size))


def _advance(h: Optional[Tensor], dt: Tensor, At: Tensor, B: Tensor,
             u: Tensor) -> Tuple[Tensor, Tensor]:
    """One frame of a block: the new state (b, S, D) and the decay that led to it."""
    decay = torch.exp_(dt[:, None] * At)
    new = B[:, :, None] * u[:, None]
    return (new if h is None else new.addcmul_(decay, h)), decay


def selective_scan_blocked(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor,
                           state: Optional[Tensor] = None) -> ScanOutput:
    """The fast CPU form; arguments and results as in :func:`selective_scan_loop`.

    The last state carries no gradient and the given state gets none.
    """
    return _BlockedScan.apply(x, dt, A, B, C, state)
