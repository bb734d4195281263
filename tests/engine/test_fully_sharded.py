"""What one process can show; tests/tools/test_distributed.py trains with two."""
import pytest
import torch
from torch import nn

from ausm_mm.engine import fully_sharded
from ausm_mm.errors import UserError
from ausm_mm.registry import STRATEGIES


@pytest.fixture
def strategy(tmp_path):
    return STRATEGIES.build(dict(type='FullyShardedStrategy', work_dir=str(tmp_path)))


def test_one_process(strategy):
    with pytest.raises(UserError, match='shards over several processes; start them by tools/dist_'):
        strategy._wrap_model(nn.Linear(2, 2))


def test_old_pytorch(strategy, monkeypatch):
    monkeypatch.setattr(fully_sharded, 'is_distributed', lambda: True)
    monkeypatch.delattr(fully_sharded.fsdp.FSDPModule, 'set_reduce_scatter_unused_params')
    with pytest.raises(UserError, match='PyTorch .* cannot shard heads .* install 2.14'):
        strategy._wrap_model(nn.Linear(2, 2))


def test_what_is_not_sharded_passes_through():
    """Buffers, and the optimizer's counts of steps."""
    content = dict(step=torch.tensor(3.), weight=torch.ones(2), lr=0.1)
    assert fully_sharded._gather(content) == content
    assert fully_sharded._shard_as(torch.zeros(2), content['weight']) is content['weight']
    assert fully_sharded._shard_as(torch.zeros(2), 0.1) == 0.1
