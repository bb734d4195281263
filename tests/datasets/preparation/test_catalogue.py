from pathlib import Path

import pytest
from mmengine.config import Config

from ausm_mm.datasets.preparation import CATALOGUE
from ausm_mm.registry import DATASETS

CONFIGS = Path(__file__).parents[3] / 'configs/_base_/datasets'
FILES = dict(coco='coco', davis2016='davis2016_240p', davis2017='davis_2017')


def test_catalogue_builds():
    for source in CATALOGUE.values():
        assert source.splits and source.url
        for config in source.splits.values():
            built = DATASETS.build(dict(config, data_root='data', lazy_init=True))
            assert built.dataset_name in CATALOGUE


@pytest.mark.parametrize('name', CATALOGUE)
def test_the_configs_look_where_the_catalogue_does(name):
    config = Config.fromfile(CONFIGS / f'{FILES.get(name, name)}.py')
    source = CATALOGUE[name]
    found = 0
    for part in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = config.get(part, {}).get('dataset', {})
        for used in dataset.get('datasets', [dataset] if dataset else []):
            assert Path(used.data_root) == Path('data') / source.folder
            files = used.get('ann_file', ''), {k: v.strip('/') for k, v in used.data_prefix.items()}
            assert files in [(split.get('ann_file', ''), split['data_prefix'])
                             for split in source.splits.values()]
            found += 1
    assert found
