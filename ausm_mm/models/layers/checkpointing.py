"""Less memory at the price of a second forward pass."""
from functools import partial
from typing import Iterator

from torch import nn
from torch.utils.checkpoint import checkpoint


def repeated_layers(model: nn.Module) -> Iterator[nn.Module]:
    """The layers that a model's parts are stacked of: Swin's ``blocks``, everyone else's
    ``layers``. They hold nearly all of the activations, and no BatchNorm."""
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and name.rpartition('.')[2] in ('blocks', 'layers'):
            yield from module


def checkpoint_layers(model: nn.Module) -> None:
    """Let every repeated layer keep its inputs only and run again in the backward pass.

    mmengine's ``activation_checkpointing`` takes no keyword arguments, which mmdet's pixel encoder
    needs, and uses the reentrant kind, which DistributedDataParallel refuses with
    ``find_unused_parameters``.
    """
    for layer in repeated_layers(model):
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
