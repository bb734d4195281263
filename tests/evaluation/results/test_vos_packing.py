import os
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.evaluation.results.vos_packing import (
    ExpectedSequence,
    find_vos_problems,
    pack_vos,
    read_test_set,
    write_label_map,
    write_tracks,
)
from ausm_mm.structures import Track

SIZE = (8, 12)


def box(object_id, x0, x1):
    label_map = np.zeros(SIZE, np.uint8)
    label_map[2:6, x0:x1] = object_id
    return label_map


@pytest.fixture
def test_set(tmp_path):
    """Two sequences of 2 frames; object 2 of 'a' is prompted in the second."""
    for name in 'ab':
        for t in range(2):
            path = tmp_path / f'frames/{name}/{t:05}.jpg'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new('RGB', SIZE[::-1]).save(path)
            write_label_map(box(1, 1, 5), tmp_path / f'pred/{name}/{t:05}.png')
        write_label_map(box(1, 1, 5), tmp_path / f'prompts/{name}/00000.png')
    write_label_map(box(2, 1, 5), tmp_path / 'prompts/a/00001.png')
    return tmp_path


def expected(*stems):
    return ExpectedSequence(list(stems), SIZE, [1])


def problems(folder):
    sequences = read_test_set(folder / 'frames', folder / 'prompts', ['a', 'b'])
    return [line.removeprefix(f'{folder}/')
            for line in find_vos_problems(folder / 'pred', sequences)]


def test_label_map_keeps_ids_and_has_the_colours_of_davis(tmp_path):
    label_map = np.arange(96, dtype=np.uint8).reshape(SIZE)
    write_label_map(label_map, tmp_path / 'a/0.png')
    with Image.open(tmp_path / 'a/0.png') as image:
        assert image.mode == 'P'
        np.testing.assert_array_equal(np.array(image), label_map)
        assert image.getpalette()[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]
    assert [path.name for path in (tmp_path / 'a').iterdir()] == ['0.png']


@pytest.mark.parametrize('layout, top', [('davis', ''), ('mose', ''),
                                         ('youtube-vos', 'Annotations/')])
def test_pack(test_set, layout, top):
    path = test_set / 'out/submission.zip'
    sequences = dict(a=expected('00000', '00001'), b=expected('00001'))
    pack_vos(test_set / 'pred', sequences, path, layout)
    archive = zipfile.ZipFile(path)
    assert archive.namelist() == [f'{top}{n}.png' for n in ('a/00000', 'a/00001', 'b/00001')]
    assert archive.read(f'{top}b/00001.png') == (test_set / 'pred/b/00001.png').read_bytes()
    content = path.read_bytes()
    os.utime(test_set / 'pred/b/00001.png', (1e9, 1e9))
    pack_vos(test_set / 'pred', sequences, path, layout)
    assert path.read_bytes() == content  # of the same masks the same zip, whenever it is packed


def test_nothing_is_left_of_a_zip_that_cannot_be_packed(test_set):
    with pytest.raises(FileNotFoundError):
        pack_vos(test_set / 'pred', dict(a=expected('00000', '00009')), test_set / 'out/s.zip',
                 'davis')
    assert list((test_set / 'out').iterdir()) == []


def test_test_set(test_set):
    assert read_test_set(test_set / 'frames', test_set / 'prompts', ['a', 'b']) == dict(
        a=ExpectedSequence(['00000', '00001'], SIZE, [1, 2]), b=expected('00000', '00001'))
    with pytest.raises(UserError, match='frames/c: holds no frame'):
        read_test_set(test_set / 'frames', test_set / 'prompts', ['c'])
    (test_set / 'prompts/b/00000.png').unlink()
    with pytest.raises(UserError, match='prompts/b: holds no PNG'):
        read_test_set(test_set / 'frames', test_set / 'prompts', ['a', 'b'])


def test_tracks_as_masks(tmp_path):
    """Where an object is given, it has the mask that was given, also over other predictions."""
    masks = [encode(box(1, *x) > 0) for x in ((0, 2), (2, 5), (4, 8))]
    tracks = [Track(7, 0, 1., [masks[0], masks[0], None]), Track(2, 0, 1., [None, None, masks[1]])]
    prompts = {0: [Track(7, 0, 1., [masks[1], None, None])],
               1: [Track(2, 0, 1., [None, masks[2], None])]}
    sequence = ExpectedSequence(['a', 'b', 'c'], SIZE, [2, 7])
    write_tracks(tracks, prompts, sequence, tmp_path / 'video')
    written = [np.array(Image.open(tmp_path / f'video/{stem}.png')) for stem in 'abc']
    first = np.maximum(box(7, 0, 2), box(7, 2, 5))
    second = np.maximum(box(7, 0, 2), box(2, 4, 8))
    np.testing.assert_array_equal(written, [first, second, box(2, 2, 5)])


def test_nothing_wrong(test_set):
    write_label_map(box(2, 1, 5), test_set / 'pred/a/00001.png')
    assert problems(test_set) == []


@pytest.mark.parametrize('spoil, line', [
    (lambda pred: shutil.rmtree(pred / 'b'), 'pred/b: the sequence is missing; predict it'),
    (lambda pred: shutil.copytree(pred / 'b', pred / 'c'),
     'pred/c: is no sequence of the test set; remove it'),
    (lambda pred: (pred / 'a/00001.png').unlink(),
     'pred/a/00001.png: is missing; write a mask for every frame, also where it is empty'),
    (lambda pred: shutil.copy(pred / 'a/00001.png', pred / 'a/1.png'),
     'pred/a/1.png: belongs to no frame of the test set; remove it'),
    (lambda pred: write_label_map(np.zeros((8, 11)), pred / 'a/00001.png'),
     'pred/a/00001.png: is 11 x 8 (width x height), the frame 12 x 8; resize masks to the size of '
     'the frames'),
    (lambda pred: write_label_map(box(255, 1, 5), pred / 'a/00001.png'),
     'pred/a/00001.png: has the ids [255], but the first masks of the sequence have [1, 2]; keep '
     'their ids'),
    (lambda pred: Image.new('RGB', SIZE[::-1]).save(pred / 'a/00001.png'),
     'pred/a/00001.png: has the mode RGB, not a palette (P); write object ids with a palette'),
    (lambda pred: (pred / 'a/00001.png').write_bytes(b'text'),
     'pred/a/00001.png: is not a readable mask (no PNG); write it'),
])
def test_each_problem_has_a_line(test_set, spoil, line):
    spoil(test_set / 'pred')
    found = problems(test_set)
    assert len(found) == 1
    assert found[0].startswith(line)
