"""Several data sets as one."""
from typing import Dict, Sequence, Union

import numpy as np
from mmengine.dataset import BaseDataset, ConcatDataset

from ..registry import DATASETS


@DATASETS.register_module()
class MultiSourceDataset(ConcatDataset):
    """Sources one after the other, each with its own classes, task and pipeline.

    With indices of a :class:`~.samplers.MultiSourceSampler`, what is drawn at random for a sample
    depends on nothing but its place in the stream, so that training can be resumed exactly.

    Args:
        datasets: The sources or their configs.
        lazy_init: Leave reading the annotations to :meth:`full_init`.
    """

    def __init__(self, datasets: Sequence[Union[BaseDataset, Dict]],
                 lazy_init: bool = False) -> None:
        # The samples name their own classes.
        super().__init__(datasets, lazy_init=lazy_init, ignore_keys=['classes', 'palette'])

    def __getitem__(self, index: int) -> Dict:
        seed = getattr(index, 'seed', None)
        if seed is None:
            return super().__getitem__(index)
        state = np.random.get_state()  # without workers, it belongs to the training process
        np.random.seed([number % 2**32 for number in seed])
        try:
            return super().__getitem__(index)
        finally:
            np.random.set_state(state)
