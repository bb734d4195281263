"""Several data sets as one."""
from typing import Dict, Sequence, Union

from mmengine.dataset import BaseDataset, ConcatDataset

from ..registry import DATASETS
from .samplers import SampleIndex


@DATASETS.register_module()
class MultiSourceDataset(ConcatDataset):
    """Sources one after the other, each with its own classes, task and pipeline.

    Args:
        datasets: The sources or their configs.
        lazy_init: Leave reading the annotations to :meth:`full_init`.
    """

    def __init__(self, datasets: Sequence[Union[BaseDataset, Dict]],
                 lazy_init: bool = False) -> None:
        # The samples name their own classes.
        super().__init__(datasets, lazy_init=lazy_init, ignore_keys=['classes', 'palette'])

    def __getitem__(self, index: int) -> Dict:
        source, item = self._get_ori_dataset_idx(index)
        return self.datasets[source][index.at(item) if isinstance(index, SampleIndex) else item]
