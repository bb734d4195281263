"""Resuming without reading what was trained on before."""
from itertools import chain, repeat

from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner

from ausm_mm.registry import HOOKS


@HOOKS.register_module()
class SkipTrainedDataHook(Hook):
    """Lets a resumed run start with the sample that comes next.

    mmengine loads and drops one batch for every finished iteration, which takes as long as loading
    them for training did. An endless sampler with
    ``skip``, such as :class:`~ausm_mm.datasets.samplers.MultiSourceSampler`, only counts them; with
    other samplers this hook does nothing.
    """

    def before_train(self, runner: Runner) -> None:
        loop = runner.train_loop
        sampler = loop.dataloader.sampler
        if not (isinstance(loop, IterBasedTrainLoop) and loop.iter and hasattr(sampler, 'skip')):
            return
        sampler.skip(loop.iter * loop.dataloader.batch_size)
        # The loop drops one batch for each iteration: nothing stands in for them.
        loop.dataloader_iterator = chain(repeat(None, loop.iter), iter(loop.dataloader))
