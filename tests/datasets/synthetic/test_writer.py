import json
import os

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as mask_util

from ausm_mm.datasets.errors import DataError
from ausm_mm.datasets.synthetic import SPLITS, SyntheticOptions, render_clip, write_synthetic

SMALL = SyntheticOptions(num_train=2, num_val=1, num_test=1, frames=(3, 4))


def tree(root):
    return {str(path.relative_to(root)): path.read_bytes()
            for path in sorted(root.rglob('*')) if path.is_file()}


def load(root, split):
    return json.loads((root / f'ytvis/{split}.json').read_text())


@pytest.mark.parametrize('split', SPLITS)
def test_enough_hidden_object_frames(synthetic_root, split):
    """Counted the slow way from the json; val and test are the default's."""
    hidden = total = 0
    for annotation in load(synthetic_root, split)['annotations']:
        born = False
        for segmentation in annotation['segmentations']:
            total += born
            hidden += born and segmentation is None
            born = born or segmentation is not None
    stats = json.loads((synthetic_root / 'stats.json').read_text())['splits'][split]
    assert hidden / total >= 0.10
    assert stats['hidden_object_frames'] == hidden
    assert stats['object_frames_after_birth'] == total
    assert stats['hidden_share'] == pytest.approx(hidden / total, abs=1e-4)


def test_events_of_every_kind_occur(synthetic_root):
    returns = late = alone = 0
    for annotation in load(synthetic_root, 'val')['annotations']:
        visible = ''.join('.' if s is None else 'x' for s in annotation['segmentations'])
        late += visible.startswith('.')
        returns += 'x.' in visible.rstrip('.')
        alone += '.' not in visible
    assert min(returns, late, alone) >= 5


def test_boxes_and_areas_match_the_masks(synthetic_root):
    content = load(synthetic_root, 'test')
    assert len(content['annotations']) > 40
    for annotation in content['annotations']:
        for rle, box, area in zip(annotation['segmentations'], annotation['bboxes'],
                                  annotation['areas'], strict=True):
            if rle is None:
                assert box is None and area is None
                continue
            rows, columns = np.nonzero(mask_util.decode(rle))
            assert area == len(rows) >= 8
            assert box == [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]


def test_layout(tmp_path):
    out = tmp_path / 'set'
    stats = write_synthetic(out, SMALL)
    assert stats['splits']['train']['clips'] == 2
    assert [path.name for path in tmp_path.iterdir()] == ['set']  # no temporary folder is left
    content = load(out, 'train')
    assert [video['name'] for video in content['videos']] == ['train_00000', 'train_00001']
    assert [c['name'] for c in content['categories']] == ['disc', 'square', 'triangle']
    assert len({a['id'] for a in content['annotations']}) == len(content['annotations'])
    assert (out / 'davis/ImageSets/train.txt').read_text() == 'train_00000\ntrain_00001\n'
    for video in content['videos']:
        assert video['length'] == len(video['file_names'])
        for name in video['file_names']:
            frame = out / 'ytvis/train/JPEGImages' / name
            assert os.path.samefile(frame, out / 'davis/JPEGImages/64p' / name)
            mask = Image.open(out / 'davis/Annotations/64p' / name.replace('.jpg', '.png'))
            assert mask.mode == 'P' and mask.getpalette()[3:9] == [128, 0, 0, 0, 128, 0]


def test_pixels_survive_writing(tmp_path):
    write_synthetic(tmp_path / 'set', SMALL)
    clip = render_clip(SMALL, 'train', 1)
    for t in range(len(clip.frames)):
        name = f'train_00001/{t:05d}'
        frame = np.asarray(Image.open(tmp_path / f'set/ytvis/train/JPEGImages/{name}.jpg'))
        # Colours lose resolution in a JPEG; brightness hardly does.
        luma = np.array([0.299, 0.587, 0.114])
        assert np.abs(frame @ luma - clip.frames[t][..., ::-1] @ luma).mean() < 2.5
        mask = np.asarray(Image.open(tmp_path / f'set/davis/Annotations/64p/{name}.png'))
        np.testing.assert_array_equal(mask, clip.label_maps[t])


def test_same_options_give_the_same_bytes(tmp_path):
    write_synthetic(tmp_path / 'a', SMALL)
    write_synthetic(tmp_path / 'b', SMALL)
    assert tree(tmp_path / 'a') == tree(tmp_path / 'b')


def test_splits_and_seeds_differ(tmp_path):
    write_synthetic(tmp_path / 'a', SMALL)
    write_synthetic(tmp_path / 'b', SyntheticOptions(
        num_train=2, num_val=1, num_test=1, frames=(3, 4), seed=1))
    frames = [content for root in ('a', 'b') for name, content in tree(tmp_path / root).items()
              if name.startswith('ytvis') and name.endswith('00000.jpg')]
    assert len(set(frames)) == len(frames) == 8


def test_existing_set_is_reused(tmp_path):
    first = write_synthetic(tmp_path / 'set', SMALL)
    marker = tmp_path / 'set/ytvis/train.json'
    before = marker.stat().st_mtime_ns
    assert write_synthetic(tmp_path / 'set', SMALL) == first
    assert marker.stat().st_mtime_ns == before


def test_other_options_in_the_way(tmp_path):
    write_synthetic(tmp_path / 'set', SMALL)
    with pytest.raises(DataError, match='set: holds a synthetic set with other options .num_train '
                       'is 2 there and 600 here; .*delete it or choose another folder'):
        write_synthetic(tmp_path / 'set', SyntheticOptions())


def test_other_things_in_the_way(tmp_path):
    (tmp_path / 'set').mkdir()
    (tmp_path / 'set/holiday.jpg').write_bytes(b'')
    with pytest.raises(DataError, match='set: exists and is not a synthetic set'):
        write_synthetic(tmp_path / 'set', SMALL)
    (tmp_path / 'file').write_text('')
    with pytest.raises(DataError, match='file: exists and is not a synthetic set'):
        write_synthetic(tmp_path / 'file', SMALL)


def test_empty_folder_is_taken(tmp_path):
    (tmp_path / 'set').mkdir()
    write_synthetic(tmp_path / 'set', SMALL)
    assert (tmp_path / 'set/stats.json').is_file()


def test_interruption_leaves_nothing(tmp_path, monkeypatch):

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr('ausm_mm.datasets.synthetic.writer._annotations', interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_synthetic(tmp_path / 'set', SMALL)
    assert list(tmp_path.iterdir()) == []
