import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from ausm_mm.evaluation.results.vos_packing import (
    find_vos_problems,
    list_frames,
    pack_vos,
    write_label_map,
)

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


def problems(folder):
    frames = list_frames(folder / 'frames', ['a', 'b'])
    return [line.removeprefix(f'{folder}/')
            for line in find_vos_problems(folder / 'pred', frames, folder / 'prompts')]


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
    pack_vos(test_set / 'pred', dict(a=['00000', '00001'], b=['00001']), path, layout)
    archive = zipfile.ZipFile(path)
    assert archive.namelist() == [f'{top}{n}.png' for n in ('a/00000', 'a/00001', 'b/00001')]
    assert archive.read(f'{top}b/00001.png') == (test_set / 'pred/b/00001.png').read_bytes()


def test_nothing_is_left_of_a_zip_that_cannot_be_packed(test_set):
    with pytest.raises(FileNotFoundError):
        pack_vos(test_set / 'pred', dict(a=['00000', '00009']), test_set / 'out/s.zip', 'davis')
    assert list((test_set / 'out').iterdir()) == []


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
     'pred/a/00001.png: is not a readable PNG '),
])
def test_each_problem_has_a_line(test_set, spoil, line):
    spoil(test_set / 'pred')
    found = problems(test_set)
    assert len(found) == 1
    assert found[0].startswith(line)
