"""Randomness that a resumed run repeats."""
import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ausm_mm.registry import HOOKS


def seed_iteration(runner: Runner) -> None:
    """Seed PyTorch's generators for the runner's present iteration."""
    sequence = np.random.SeedSequence([runner.seed, runner.iter, get_rank()])
    torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0]))


@HOOKS.register_module()
class SeedIterationHook(Hook):
    """Seeds every iteration by its number, the rank and the seed of the training.

    Drop path and point sampling then come out the same in a resumed run without any generator's
    state in the checkpoint, and differently on every rank: mmengine seeds all ranks alike.
    """

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch=None) -> None:
        seed_iteration(runner)
