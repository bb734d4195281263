import json
import os

import numpy as np
import pytest

from ausm_mm.datasets import DAVISDataset, davis
from ausm_mm.datasets.mask_index import MaskIndex, masks_signature


@pytest.fixture
def decoded(monkeypatch):
    """Paths of the masks that were decoded, in a list."""
    paths = []
    load = davis.load_label_map
    monkeypatch.setattr(davis, 'load_label_map',
                        lambda path, *size: (paths.append(path), load(path, *size))[1])
    return paths


def build(root):
    dataset = DAVISDataset(data_root=str(root), ann_file='list.txt',
                           data_prefix=dict(img='img', mask='mask'))
    return dataset.get_data_info(0)['objects']


def test_masks_are_looked_through_once(tiny_davis, decoded):
    first = build(tiny_davis)
    assert len(decoded) == 3
    assert build(tiny_davis) == first
    assert len(decoded) == 3


def test_changed_mask_is_looked_through_again(tiny_davis, decoded, write_palette):
    build(tiny_davis)
    write_palette(tiny_davis / 'mask/late/00003.png', np.full((4, 6), 9))
    os.utime(tiny_davis / 'mask/late/00003.png', (1, 1))
    assert [obj['object_id'] for obj in build(tiny_davis)] == [1, 4, 9]
    (tiny_davis / 'mask/late/00003.png').unlink()
    assert [obj['object_id'] for obj in build(tiny_davis)] == [1, 4]


@pytest.mark.parametrize('content', ['', '[]', '{"version": 0}', '{"version'])
def test_damaged_index_is_ignored(tiny_davis, cache_folder, content):
    first = build(tiny_davis)
    [path] = cache_folder.rglob('*.json')
    path.write_text(content)
    assert build(tiny_davis) == first
    assert json.loads(path.read_text())['version'] == 1


def test_folder_that_cannot_be_written(tiny_davis, cache_folder, monkeypatch):
    (cache_folder / 'file').write_text('')
    monkeypatch.setenv('XDG_CACHE_HOME', str(cache_folder / 'file'))
    assert [obj['object_id'] for obj in build(tiny_davis)] == [1, 4]


def test_each_root_has_its_own_file(tmp_path):
    assert MaskIndex(str(tmp_path / 'a')).path != MaskIndex(str(tmp_path / 'b')).path
    assert MaskIndex(str(tmp_path / 'a')).get('video', '') is None


def test_signature_depends_on_places_and_frame_size(tiny_davis):
    mask = str(tiny_davis / 'mask/late/00000.png')
    signatures = {masks_signature(paths, 4, width)
                  for paths in ([mask], [mask, None], [None, mask]) for width in (6, 7)}
    assert len(signatures) == 6
