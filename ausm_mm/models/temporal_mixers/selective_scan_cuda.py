"""The selective scan by mamba-ssm's CUDA kernels (the optional extra ``[mamba]``)."""
import functools
from typing import Optional

import torch
from mmengine.logging import print_log
from torch import Tensor

from .selective_scan import ScanOutput, selective_scan_loop

# The kernels' grid has the batch in a dimension limited to 65,535.
MAX_SEQUENCES = 32768


@functools.lru_cache(maxsize=None)
def cuda_kernels_usable() -> bool:
    """Whether mamba-ssm with its compiled kernels is installed; says so once if not.

    Newer versions of mamba-ssm may be installed without the kernels of Mamba-1: only the import
    of the compiled module tells.
    """
    try:
        import selective_scan_cuda  # noqa: F401
    except ImportError:
        print_log(
            'mamba-ssm\'s compiled kernels are not installed: Mamba runs as a slow loop on this '
            'GPU. Cure: MAMBA_KEEP_CUDA_BUILD=TRUE pip install "ausm_mm[mamba]" '
            '--no-build-isolation',
            logger='current',
            level=30)
        return False
    return True


def selective_scan_cuda(x: Tensor, dt: Tensor, A: Tensor, B: Tensor, C: Tensor,
                        state: Optional[Tensor] = None) -> ScanOutput:
    """Arguments and results as in ``selective_scan_loop``; the last state carries no gradient."""
    if state is None:
        return _in_slices(_scan_from_zero, x, dt, A, B, C)
    if x.shape[1] == 1 and not torch.is_grad_enabled():
        return _in_slices(_update, x, dt, A, B, C, state)
    # The scan takes no initial state, the update has no gradient.
    return selective_scan_loop(x, dt, A, B, C, state)


def _in_slices(function, x, dt, A, B, C, state=None) -> ScanOutput:
    if len(x) <= MAX_SEQUENCES:
        return function(x, dt, A, B, C, state)
    parts = [
        function(x[i:i + MAX_SEQUENCES], dt[i:i + MAX_SEQUENCES], A, B[i:i + MAX_SEQUENCES],
                 C[i:i + MAX_SEQUENCES],
                 None if state is None else state[i:i + MAX_SEQUENCES])
        for i in range(0, len(x), MAX_SEQUENCES)
    ]
    return tuple(torch.cat(p) for p in zip(*parts))


def _scan_from_zero(x, dt, A, B, C, _) -> ScanOutput:
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    def time_last(z):
        return z.transpose(1, 2).contiguous()

    y, state = selective_scan_fn(
        time_last(x), time_last(dt), A, time_last(B), time_last(C), return_last_state=True)
    return y.transpose(1, 2), state.transpose(1, 2).detach()  # (N, T, D), (N, S, D)


def _update(x, dt, A, B, C, state) -> ScanOutput:
    from mamba_ssm.ops.triton.selective_state_update import selective_state_update
    state = state.transpose(1, 2).contiguous()  # (N, D, S): a copy, the kernel works in place
    none = x.new_zeros(x.shape[-1])  # mamba-ssm 2 fails without D and dt_bias
    y = selective_state_update(
        state, x[:, 0], dt[:, 0], A, B[:, 0], C[:, 0], D=none, dt_bias=none)
    return y[:, None], state.transpose(1, 2)
