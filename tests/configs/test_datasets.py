"""Every data set's config: its parts build, and it names the catalogue's files."""
from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

from ausm_mm.datasets.preparation import CATALOGUE
from ausm_mm.registry import DATA_SAMPLERS, DATASETS

EMPTY = ConfigDict(dataset=dict())
FILES = sorted((Path(__file__).parents[2] / 'configs/_base_/datasets').glob('*.py'))


def leaves(dataset):
    return [leaf for part in dataset.get('datasets', []) for leaf in leaves(part)] or [dataset]


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_config(path):
    init_default_scope('ausm_mm')
    config = Config.fromfile(path)
    if path.stem == 'sources':  # read by the mixes
        config.train_dataloader = dict(dataset=dict(datasets=config.sources))
    else:
        assert DATA_SAMPLERS.get(config.train_dataloader.sampler.type)
    for split in ('train', 'val', 'test'):
        for leaf in leaves(config.get(f'{split}_dataloader', EMPTY).dataset):
            if not leaf:
                continue
            built = DATASETS.build(dict(leaf, lazy_init=True))
            source = CATALOGUE[built.dataset_name]
            assert leaf.data_root.rstrip('/') == f'data/{source.folder}'
            known = [(entry.get('ann_file', ''), entry['data_prefix'])
                     for entry in source.splits.values()]
            prefix = {key: value.rstrip('/') for key, value in leaf.data_prefix.items()}
            assert (leaf.get('ann_file', ''), prefix) in known
            assert built.test_mode == (split != 'train')
