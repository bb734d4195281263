import json

import pytest

from ausm_mm.datasets import DataError
from ausm_mm.datasets.preparation import split_json, split_list


@pytest.fixture
def train_json(tmp_path):
    """20 videos; category 1 in all, category 2 in the last two, category 3 in the first only."""
    videos = [dict(id=i, file_names=['0.jpg'], height=2, width=2) for i in range(20)]
    pairs = [(i, 1) for i in range(20)] + [(18, 2), (19, 2), (0, 3)]
    annotations = [dict(id=n, video_id=i, category_id=c) for n, (i, c) in enumerate(pairs)]
    path = tmp_path / 'train.json'
    path.write_text(json.dumps(dict(
        videos=videos, annotations=annotations, categories=[dict(id=1), dict(id=2), dict(id=3)])))
    return path


def parts(files):
    return [json.loads(path.read_text()) for path in files]


def ids(part):
    return {video['id'] for video in part['videos']}


def test_parts_are_complete_and_disjoint(train_json):
    files = split_json(train_json, 0.2)
    assert [path.name for path in files] == ['train_sub.json', 'train_holdout.json']
    sub, held = parts(files)
    assert len(ids(held)) == 4 and ids(sub) | ids(held) == set(range(20))
    assert not ids(sub) & ids(held)
    assert len(sub['annotations']) + len(held['annotations']) == 23
    for part in (sub, held):
        assert {a['video_id'] for a in part['annotations']} <= ids(part)
        assert len(part['categories']) == 3


@pytest.mark.parametrize('seed', range(5))
def test_categories_are_in_both_parts_if_they_can(train_json, seed):
    sub, held = parts(split_json(train_json, 0.1, seed))
    assert {a['category_id'] for a in sub['annotations']} == {1, 2, 3}
    assert {a['category_id'] for a in held['annotations']} == {1, 2}  # 3 has one video only


def test_seed_decides(train_json):
    held = [ids(parts(split_json(train_json, 0.2, seed))[1]) for seed in (0, 0, 1)]
    assert held[0] == held[1] != held[2]


def test_lists_and_folders(tmp_path):
    (tmp_path / 'train.txt').write_text('b\na\n\nc d\n')
    sub, held = split_list(tmp_path / 'train.txt', 0.3)
    assert sorted((sub.read_text() + held.read_text()).splitlines()) == ['a', 'b', 'c d']
    assert len(held.read_text().splitlines()) == 1
    for name in ('x', 'y'):
        (tmp_path / 'videos' / name).mkdir(parents=True)
    sub, held = split_list(tmp_path / 'videos', 0.9)
    assert (sub.name, held.name) == ('videos_sub.txt', 'videos_holdout.txt')
    assert {sub.read_text(), held.read_text()} == {'x\n', 'y\n'}


@pytest.mark.parametrize('share', [0, 1, -1])
def test_bad_share(train_json, share):
    with pytest.raises(DataError, match='train.json: the share to hold out is'):
        split_json(train_json, share)


def test_too_little_to_split(tmp_path):
    (tmp_path / 'one.txt').write_text('a\n')
    with pytest.raises(DataError, match='one.txt: has 1 videos; splitting needs two'):
        split_list(tmp_path / 'one.txt', 0.5)
    (tmp_path / 'odd.txt').write_bytes(b'\xff\n')
    with pytest.raises(DataError, match='odd.txt: has 1 videos; splitting needs two'):
        split_list(tmp_path / 'odd.txt', 0.5)
    (tmp_path / 'test.json').write_text('{"videos": [{"id": 1}], "annotations": null}')
    with pytest.raises(DataError, match="test.json: needs 'videos' and 'annotations'"):
        split_json(tmp_path / 'test.json', 0.5)


def test_annotation_of_an_unknown_video(train_json):
    content = json.loads(train_json.read_text())
    content['annotations'][3]['video_id'] = 77
    train_json.write_text(json.dumps(content))
    with pytest.raises(DataError, match='train.json: an annotation names the video 77, which is'):
        split_json(train_json, 0.5)
