"""Mixed precision."""
from contextlib import contextmanager
from typing import Iterator

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from ausm_mm.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Runs the forward pass under bfloat16 autocast, on GPUs and CPUs.

    bfloat16 has float32's range, so gradients need no scaling; mmengine's ``AmpOptimWrapper``
    always scales, and refuses CPUs.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
