"""Drawing from several data sets at fixed ratios."""
from contextlib import contextmanager
from typing import Any, Iterator, Optional, Sequence, Tuple

import numpy as np
from mmengine.dataset import ConcatDataset
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from ...errors import UserError
from ...registry import DATA_SAMPLERS


class SampleIndex(int):
    """An index that knows its place in the stream of all samples.

    Attributes:
        seed: Two integers for whatever is drawn at random for this sample, so that it comes out
            the same on any rank and worker and after resuming.
    """
    seed: Tuple[int, int]

    def at(self, item: int) -> 'SampleIndex':
        """Another index with the same place in the stream."""
        index = SampleIndex(item)
        index.seed = self.seed
        return index


@contextmanager
def seeded_by(index: int) -> Iterator[None]:
    """Within it, NumPy's global generator follows from the place of a :class:`SampleIndex` in the
    stream; a plain index leaves it as it is."""
    if not isinstance(index, SampleIndex):
        yield
        return
    state = np.random.get_state()  # without workers, it belongs to the training process
    np.random.seed([number % 2**32 for number in index.seed])
    try:
        yield
    finally:
        np.random.set_state(state)


def _is_share(ratio: Any) -> bool:
    return isinstance(ratio, (int, float)) and 0 < ratio < float('inf')


@DATA_SAMPLERS.register_module()
class MultiSourceSampler(Sampler):
    """An endless stream of indices that mixes the sources of a :class:`MultiSourceDataset`, or
    goes through a single data set.

    The stream is one for all ranks, and rank r of R takes samples r, r + R, r + 2 R, ... of it. It
    has epochs of as many samples as there are items; in each of them a source has exactly its share
    (at least one), in random order. A source goes through all of its items, shuffled anew in every
    pass, before one comes again, no matter how many epochs that takes.

    Args:
        dataset: The concatenated sources.
        ratios: One positive weight for each source, in their order; None weights them by size.
        seed: Of everything; by default one that all ranks agree on.

    Raises:
        UserError: If the ratios do not fit the sources.
    """

    def __init__(self, dataset: ConcatDataset, ratios: Optional[Sequence[float]] = None,
                 seed: Optional[int] = None) -> None:
        sources = getattr(dataset, 'datasets', [dataset])
        self.sizes = [len(source) for source in sources]
        ratios = self.sizes if ratios is None else ratios
        if len(ratios) != len(self.sizes) or not all(map(_is_share, ratios)):
            raise UserError(f'ratios={list(ratios)} of the MultiSourceSampler: give one positive '
                            f'number for each of the {len(self.sizes)} sources')
        self.rank, self.world_size = get_dist_info()
        self.seed = sync_random_seed() if seed is None else seed
        shares = np.array(ratios) / np.sum(ratios)
        self.counts = np.maximum(np.rint(shares * sum(self.sizes)).astype(int), 1)
        self.first_index = np.cumsum([0, *self.sizes])
        self._start = 0

    def skip(self, num_samples: int) -> None:
        """Makes the next iteration start after so many samples of this rank."""
        self._start = num_samples

    def set_epoch(self, epoch: int) -> None:
        """Does nothing: the stream is endless and counts its epochs itself."""

    def __len__(self) -> int:
        """Items of all sources."""
        return sum(self.sizes)

    def __iter__(self) -> Iterator[SampleIndex]:
        epoch_size = int(self.counts.sum())
        position = self.rank + self.world_size * self._start
        epoch, offset = divmod(position, epoch_size)
        while True:
            indices = self._epoch_indices(epoch)
            for place in range(offset, epoch_size, self.world_size):
                index = SampleIndex(indices[place])
                index.seed = (self.seed, epoch * epoch_size + place)
                yield index
                position += self.world_size
            epoch, offset = divmod(position, epoch_size)

    def _epoch_indices(self, epoch: int) -> np.ndarray:
        """The indices of all samples of an epoch, of all ranks."""
        indices = [self.first_index[source] + self._source_items(source, epoch)
                   for source in range(len(self.sizes))]
        order = np.random.default_rng([self.seed, 0, epoch]).permutation(self.counts.sum())
        return np.concatenate(indices)[order]

    def _source_items(self, source: int, epoch: int) -> np.ndarray:
        """The items of a source that an epoch uses."""
        size, count = self.sizes[source], self.counts[source]
        first, last = epoch * count, (epoch + 1) * count
        passes = [np.random.default_rng([self.seed, 1 + source, number]).permutation(size)
                  for number in range(first // size, (last - 1) // size + 1)]
        begin = first % size
        return np.concatenate(passes)[begin:begin + count]
