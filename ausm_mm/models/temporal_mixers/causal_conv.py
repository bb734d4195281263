"""Depthwise causal convolution over time that can be continued."""
from typing import Optional, Tuple

import torch
from torch import Tensor


def causal_conv(x: Tensor, weight: Tensor, bias: Tensor,
                state: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
    """Each output sees its own frame and the K - 1 before it.

    Args:
        x: (N, T, E).
        weight: (E, K), oldest tap first.
        bias: (E,).
        state: (N, K - 1, E), the inputs before the first frame; zeros if None.

    Returns:
        y (N, T, E) and the last K - 1 inputs (N, K - 1, E).
    """
    N, T, E = x.shape
    K = weight.shape[1]
    if state is None:
        state = x.new_zeros(N, K - 1, E)
    padded = torch.cat([state.to(x.dtype), x], dim=1)  # (N, K - 1 + T, E)
    y = bias.to(x.dtype)
    # A sum of K shifted products: for very short sequences several times faster on the CPU than
    # conv1d, which would also need x with time last.
    for k in range(K):
        y = torch.addcmul(y, padded[:, k:k + T], weight[:, k].to(x.dtype))
    return y, padded[:, T:]
