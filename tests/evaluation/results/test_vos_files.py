import json
import shutil

import numpy as np
import pytest
from PIL import Image

from ausm_mm.errors import UserError
from ausm_mm.evaluation.results.vos_files import (
    read_names,
    read_youtube_vos_meta,
    score_vos_folders,
)
from ausm_mm.evaluation.results.vos_packing import write_label_map

SIZE = (8, 12)


def box(object_id, x0, x1):
    label_map = np.zeros(SIZE, np.uint8)
    label_map[2:6, x0:x1] = object_id
    return label_map


@pytest.fixture
def folders(tmp_path):
    """Ground truth and equal predictions: 'a' has 5 frames; object 2 of 'b' starts late."""
    for t in range(5):
        write_label_map(box(1, 1, 5), tmp_path / f'gt/a/{t:05}.png')
    for t in range(4):
        write_label_map(np.maximum(box(1, 1, 4), box(2, 6, 9) * (t > 0)),
                        tmp_path / f'gt/b/{5 * t:05}.png')
    shutil.copytree(tmp_path / 'gt', tmp_path / 'pred')
    return tmp_path / 'gt', tmp_path / 'pred'


def test_scored_frames(folders):
    gt, pred = folders
    write_label_map(box(1, 1, 3), pred / 'a/00002.png')
    write_label_map(box(0, 1, 3), pred / 'b/00003.png')  # not annotated: not read
    scores = score_vos_folders(gt, pred)
    assert [frame['frame'] for frame in scores['a'][1]] == [1, 2, 3]
    assert [frame['J'] for frame in scores['a'][1]] == [1, .5, 1]
    assert {i: [f['frame'] for f in frames] for i, frames in scores['b'].items()} == {
        1: [1, 2], 2: [2]}
    scores = score_vos_folders(gt, pred, ['b'], skip_last=False)
    assert {i: [f['frame'] for f in frames] for i, frames in scores['b'].items()} == {
        1: [1, 2, 3], 2: [2, 3]}


def test_official_fixture(shared_data):
    folder = shared_data('davis2016-480p-fixture')
    expected = json.loads((folder / 'expected_osvos.json').read_text())
    scores = score_vos_folders(folder / 'Annotations', folder / 'predictions_osvos')
    for name, official in expected.items():
        for key in 'JF':
            assert [round(frame[key], 3) for frame in scores[name][1]] == official[key]


def _rgb(path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)).save(path)


@pytest.mark.parametrize('spoil, words', [
    (lambda pred: shutil.rmtree(pred / 'b'), 'pred/b: is not a folder.*sequence b; predict it'),
    (lambda pred: (pred / 'a/00003.png').unlink(),
     'a/00003.png: is missing; 1 of the 5 annotated frames have no mask: write one'),
    (lambda pred: _rgb(pred / 'a/00003.png'), 'a/00003.png: is a colour image.*palette'),
    (lambda pred: write_label_map(np.zeros((8, 11)), pred / 'a/00003.png'),
     'a/00003.png: the mask is 11 x 8.*12 x 8.*size of the frame'),
    (lambda pred: write_label_map(box(7, 1, 5), pred / 'a/00003.png'),
     r'pred/a has predictions of objects \[7\].*only has \[1\]'),
    (lambda pred: (pred / 'a/00003.png').write_bytes((pred / 'a/00003.png').read_bytes()[:60]),
     'a/00003.png: is not a readable mask'),
])
def test_bad_predictions(folders, spoil, words):
    spoil(folders[1])
    with pytest.raises(UserError, match=words):
        score_vos_folders(*folders)


def test_bad_ground_truth_and_list(folders, tmp_path):
    with pytest.raises(UserError, match='nothing: holds no folder'):
        score_vos_folders(tmp_path / 'nothing', folders[1])
    with pytest.raises(UserError, match='gt/c: holds no PNG'):
        score_vos_folders(*folders, ['c'])
    (tmp_path / 'val.txt').write_text('a\nb\n')
    assert read_names(tmp_path / 'val.txt') == ['a', 'b']
    (tmp_path / 'val.txt').write_text('\n')
    with pytest.raises(UserError, match='val.txt: names no sequence'):
        read_names(tmp_path / 'val.txt')


def test_youtube_vos_meta(tmp_path):
    for name, categories in dict(valid=['cat', 'dog'], train=['cat', 'owl']).items():
        objects = {str(i): dict(category=c, frames=[]) for i, c in enumerate(categories, start=1)}
        (tmp_path / f'{name}.json').write_text(json.dumps(dict(videos=dict(a=dict(
            objects=objects)))))
    assert read_youtube_vos_meta(tmp_path / 'valid.json', tmp_path / 'train.json') == (
        dict(a={1: 'cat', 2: 'dog'}), {'cat', 'owl'})
    (tmp_path / 'hidden.json').write_text('{"videos": {"a": {"objects": {"1": {"frames": []}}}}}')
    with pytest.raises(UserError, match="hidden.json: is no meta.json.*KeyError: 'category'"):
        read_youtube_vos_meta(tmp_path / 'hidden.json', tmp_path / 'train.json')
