from itertools import islice
from types import SimpleNamespace

import pytest
from mmengine.dataset import InfiniteSampler
from mmengine.runner import IterBasedTrainLoop
from torch.utils.data import DataLoader, Dataset

from ausm_mm.datasets.samplers import MultiSourceSampler
from ausm_mm.engine import SkipTrainedDataHook


class Numbers(Dataset):

    def __init__(self):
        self.read = []

    def __len__(self):
        return 10

    def __getitem__(self, index):
        self.read.append(int(index))
        return int(index)


class Loop(IterBasedTrainLoop):
    """A loop that only gathers its batches."""

    def run_iter(self, data_batch):
        self.batches.append(data_batch.tolist())
        self._iter += 1

    def _decide_current_val_interval(self):
        pass


def run(sampler_type, start=0, stop=6):
    dataset = Numbers()
    loader = DataLoader(dataset, batch_size=2, sampler=sampler_type(dataset, seed=0))
    hook = SkipTrainedDataHook()
    runner = SimpleNamespace(visualizer=SimpleNamespace(), val_loop=None, call_hook=None,
                             model=SimpleNamespace(train=lambda: None))
    loop = Loop(runner, loader, max_iters=stop)
    runner.train_loop = loop
    runner.call_hook = lambda name: hook.before_train(runner) if name == 'before_train' else None
    loop.batches, loop._iter = [], start
    loop.run()
    return loop.batches, dataset.read


@pytest.mark.parametrize('start', [0, 1, 5])
def test_resumed_run_reads_only_what_it_trains_on(start):
    whole, _ = run(MultiSourceSampler)
    batches, read = run(MultiSourceSampler, start)
    assert batches == whole[start:]
    assert read == [number for batch in batches for number in batch]


def test_other_samplers_are_left_to_mmengine():
    whole, _ = run(InfiniteSampler)
    batches, read = run(InfiniteSampler, start=2)
    assert batches == whole[2:]
    assert len(read) == 12


def test_stream_is_the_samplers():
    batches, _ = run(MultiSourceSampler)
    expected = list(islice(iter(MultiSourceSampler(Numbers(), seed=0)), 12))
    assert [number for batch in batches for number in batch] == expected
