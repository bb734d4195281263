from types import SimpleNamespace

import torch

from ausm_mm.engine import SeedIterationHook
from ausm_mm.engine.hooks import seed_iteration_hook


def draw(seed: int, iteration: int) -> float:
    runner = SimpleNamespace(seed=seed, iter=iteration)
    SeedIterationHook().before_train_iter(runner, iteration, {})
    return torch.rand(()).item()


def test_follows_from_seed_iteration_and_rank(monkeypatch):
    first = draw(0, 5)
    torch.rand(7)
    assert draw(0, 5) == first
    drawn = [draw(seed, iteration) for seed in (0, 1, 2**32 - 1) for iteration in range(20)]
    monkeypatch.setattr(seed_iteration_hook, 'get_rank', lambda: 1)
    drawn += [draw(0, iteration) for iteration in range(20)]
    assert len(set(drawn)) == 80
