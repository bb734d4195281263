"""Stopping at a loss that is no number, with what is needed to find out why."""
from dataclasses import is_dataclass
from typing import Any, Callable, Dict, Iterator, List

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from ausm_mm.errors import UserError
from ausm_mm.registry import HOOKS
from ausm_mm.structures import ClipDataSample
from ..ranks import gather_reports
from .seed_iteration_hook import seed_iteration


@HOOKS.register_module()
class NonFiniteLossHook(Hook):
    """Ends the training before a loss of nan or inf reaches the weights.

    The forward pass is run once more, with the same draws (:class:`SeedIterationHook`), to find
    the module in which it arose.

    Raises:
        UserError: With iteration, losses, module and clips, on all ranks.
    """

    def before_train(self, runner: Runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model

        def check(module: nn.Module, args: tuple, kwargs: dict, losses: Any) -> None:
            if kwargs['mode'] == 'loss':
                _check_losses(runner, losses, kwargs['data_samples'],
                              lambda: first_non_finite(model, lambda: model.forward(**kwargs)))

        self._handle = model.register_forward_hook(check, with_kwargs=True)

    def after_train(self, runner: Runner) -> None:
        self._handle.remove()


def _check_losses(runner: Runner, losses: Dict[str, Tensor], samples: List[ClipDataSample],
                  find_module: Callable[[], str]) -> None:
    """Raises UserError if any rank has a loss that is not finite."""
    finite = torch.stack([loss.detach().isfinite() for loss in losses.values()]).tolist()
    bad = [name for name, ok in zip(losses, finite) if not ok]
    reports = gather_reports(get_rank() if bad else None)
    if not reports:
        return
    seed_iteration(runner)
    module = find_module()  # on all ranks: the losses' normalisers are averaged over them
    where = f' of rank {get_rank()}' if get_world_size() > 1 else ''
    clips = ', '.join(f'{s.dataset_name}/{s.video_name} frames {s.frame_ids}' for s in samples)
    message = (f'iteration {runner.iter + 1}{where}: {", ".join(bad)} not finite, first in '
               f'{module}; clips: {clips}; lower optim_wrapper.optimizer.lr or leave the clips '
               'out, and go on with --resume')
    raise UserError(gather_reports(message if bad else None)[0])


@torch.no_grad()
def first_non_finite(model: nn.Module, run: Callable[[], Any]) -> str:
    """The first module that makes nan or inf out of finite inputs while ``run`` runs.

    -inf counts as finite: it marks the classes that a data set does not have.
    """
    found: List[str] = []

    def check(name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        if not found and _is_finite(inputs) and not _is_finite(output):
            broken = not _is_finite(list(module.parameters()))
            found.append(f'{name} ({type(module).__name__})'
                         + (', whose weights are not finite' if broken else ''))

    handles = [
        module.register_forward_hook(
            lambda module, args, kwargs, output, name=name: check(
                name, module, (args, kwargs), output), with_kwargs=True)
        for name, module in model.named_modules() if name]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else f'{type(model).__name__} itself'


def _is_finite(content: Any) -> bool:
    return not any((t.isnan() | t.isposinf()).any() for t in _float_tensors(content))


def _float_tensors(content: Any) -> Iterator[Tensor]:
    if isinstance(content, Tensor):
        if content.is_floating_point():
            yield content
    elif isinstance(content, (list, tuple)):
        for part in content:
            yield from _float_tensors(part)
    elif isinstance(content, dict):
        yield from _float_tensors(list(content.values()))
    elif is_dataclass(content):
        yield from _float_tensors(list(vars(content).values()))
