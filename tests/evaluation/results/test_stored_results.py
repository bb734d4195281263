import json
import zipfile

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from PIL import Image

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.evaluation.results import load_results
from ausm_mm.evaluation.results.stored_results import (
    StoredResults,
    claim_folder,
    is_hidden,
)
from ausm_mm.evaluation.results.vos_packing import write_label_map
from ausm_mm.registry import DATASETS
from ausm_mm.structures import Track

SIZE = (6, 8)
ORIGIN = dict(checkpoint='a', model='b')


def box(x0, x1):
    mask = np.zeros(SIZE, np.uint8)
    mask[1:4, x0:x1] = 1
    return mask


LEFT, RIGHT = encode(box(0, 3)), encode(box(4, 8))


@pytest.fixture(autouse=True)
def scope_and_cache(tmp_path, monkeypatch):
    init_default_scope('ausm_mm')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def frames(tmp_path):
    """Two videos of 3 and 2 frames."""
    for name, n_frames in dict(yard=3, street=2).items():
        for t in range(n_frames):
            path = tmp_path / f'img/{name}/{t:05}.jpg'
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new('RGB', SIZE[::-1]).save(path)
    return tmp_path


@pytest.fixture
def build(frames):
    """Function (type, objects, **settings) -> data set in one of the formats.

    ``objects``: video name -> object id -> which frames have its mask.
    """
    masks = {1: LEFT, 2: RIGHT}

    def with_json(kind, objects):
        video_ids = dict(yard=9, street=4)
        content = dict(categories=[dict(id=5, name='cat'), dict(id=3, name='dog')])
        sizes = dict(height=SIZE[0], width=SIZE[1])
        if kind == 'COCOVideoDataset':
            content['images'] = [dict(id=i, file_name=f'{name}/00000.jpg', **sizes)
                                 for name, i in video_ids.items()]
        else:
            content['videos'] = [dict(
                id=i, file_names=[f'{name}/{t:05}.jpg' for t in range(n)], **sizes)
                for (name, i), n in zip(video_ids.items(), (3, 2))]
        content['annotations'] = [dict(
            id=object_id, video_id=video_ids[name], category_id=5, segmentations=[
                dict(masks[object_id], counts=masks[object_id]['counts'].decode())
                if t in shown else None for t in range(dict(yard=3, street=2)[name])])
            for name, shown_of in objects.items() for object_id, shown in shown_of.items()]
        (frames / 'ann.json').write_text(json.dumps(content))
        return dict(ann_file=str(frames / 'ann.json'), data_prefix=dict(img=str(frames / 'img')))

    def mask_folders(kind, objects):
        videos = {}
        for name, shown_of in objects.items():
            for t in {t for shown in shown_of.values() for t in shown}:
                label_map = np.zeros(SIZE, np.uint8)
                for object_id, shown in shown_of.items():
                    label_map += (t in shown) * object_id * (box(0, 3), box(4, 8))[object_id - 1]
                write_label_map(label_map, frames / f'mask/{name}/{t:05}.png')
            videos[name] = dict(objects={
                str(i): dict(frames=[f'{t:05}' for t in shown]) for i, shown in shown_of.items()})
        (frames / 'meta.json').write_text(json.dumps(dict(videos=videos)))
        return dict(
            ann_file=str(frames / 'meta.json') if kind == 'YouTubeVOSDataset' else '',
            data_prefix=dict(img=str(frames / 'img'), mask=str(frames / 'mask')))

    def make(kind, objects, **settings):
        has_json = kind in ('YouTubeVISDataset', 'COCOVideoDataset')
        make_files = with_json if has_json else mask_folders
        return DATASETS.build(dict(
            type=kind, test_mode=True, **make_files(kind, objects), **settings, pipeline=[
                dict(type='LazyFrames'), dict(type='PackVideo')]))

    return make


ALL = dict(yard={1: [0, 1, 2], 2: [1, 2]}, street={1: [0, 1]})
FIRST = dict(yard={1: [0], 2: [1]}, street={1: [0]})


def samples(dataset, *tracks_of_videos):
    found = [dataset[index]['data_samples'] for index in range(len(dataset))]
    for sample, tracks in zip(found, tracks_of_videos):
        sample.pred_tracks = tracks
    return found


def test_folder_of_one_origin(tmp_path):
    folder = tmp_path / 'new/r'
    claim_folder(folder, ORIGIN)
    (folder / 'more').touch()
    claim_folder(folder, ORIGIN)
    with pytest.raises(UserError, match='r: holds results of another model; give another folder '
                       'with --results, or remove this one'):
        claim_folder(folder, dict(ORIGIN, model='c'))
    with pytest.raises(UserError, match='of another checkpoint and model'):
        claim_folder(folder, dict(checkpoint='x', model='c'))
    with pytest.raises(UserError, match='new: holds other files; give a new folder'):
        claim_folder(tmp_path / 'new', ORIGIN)
    (tmp_path / 'empty').mkdir()
    claim_folder(tmp_path / 'empty', ORIGIN)


@pytest.mark.parametrize('kind, task, objects, hidden', [
    ('YouTubeVISDataset', 'unprompted', ALL, False), ('YouTubeVISDataset', 'unprompted', {}, True),
    ('YouTubeVISDataset', 'unprompted', FIRST, False),
    ('YouTubeVISDataset', 'prompted', FIRST, True), ('COCOVideoDataset', 'unprompted', {}, True),
    ('DAVISDataset', 'prompted', ALL, False), ('MOSEDataset', 'prompted', FIRST, True),
    ('YouTubeVOSDataset', 'prompted', FIRST, True), ('YouTubeVOSDataset', 'prompted', ALL, False),
])
def test_hidden(build, kind, task, objects, hidden):
    assert is_hidden(build(kind, objects, task=task)) is hidden


def test_stored_tracks_are_the_same(build, tmp_path):
    dataset = build('YouTubeVISDataset', ALL, dataset_name='x')
    tracks = [Track(1, 1, 1 / 3, [LEFT, None, RIGHT]), Track(4, 0, 1e-9, [None, LEFT, None])]
    first, second = samples(dataset, tracks, [])
    results = StoredResults(dataset, tmp_path / 'r')
    assert not results.load(first) and results.count() == 0
    results.save(first)
    results.save(second)
    files = {str(path.relative_to(tmp_path / 'r')) for path in (tmp_path / 'r').rglob('*.*')}
    assert files == {'x-unprompted/tracks/9.json', 'x-unprompted/tracks/4.json'}
    again = StoredResults(dataset, tmp_path / 'r')
    first, second = samples(dataset)
    assert again.load(first) and again.load(second) and again.count() == 2
    assert first.pred_tracks == tracks and second.pred_tracks == []

    first.set_metainfo(dict(video_name='lane'))
    with pytest.raises(UserError, match='9.json: holds yard with 3 frames, the data set lane with'):
        again.load(first)
    path = tmp_path / 'r/x-unprompted/tracks/4.json'
    path.write_text(path.read_text()[:-4])
    with pytest.raises(UserError, match='4.json: is no complete json'):
        again.load(second)


def test_packing_tracks(build, tmp_path):
    dataset = build('YouTubeVISDataset', {}, metainfo=dict(classes=('dog', 'cat')))
    results = StoredResults(dataset, tmp_path / 'r')
    for sample in samples(dataset, [Track(1, 1, .25, [LEFT, None, RIGHT])], []):
        results.save(sample)
    path, problems = results.pack()
    assert path == tmp_path / 'r/youtube_vis-unprompted.zip'
    assert problems == ['video 4 (street/00000.jpg) has no result: all its objects will count as '
                        'missed; predict it too']
    masks = [rle and dict(rle, counts=rle['counts'].decode()) for rle in (LEFT, None, RIGHT)]
    assert load_results(path) == [dict(video_id=9, category_id=5, score=.25, segmentations=masks)]
    content = path.read_bytes()
    assert results.pack().path.read_bytes() == content


def test_packing_images(build, tmp_path):
    dataset = build('COCOVideoDataset', {}, metainfo=dict(classes=('dog', 'cat')))
    results = StoredResults(dataset, tmp_path / 'r')
    for sample in samples(dataset, [Track(1, 0, .25, [LEFT])], []):
        results.save(sample)
    path, problems = results.pack()
    assert problems == [] and load_results(path) == [dict(
        image_id=9, category_id=3, score=.25,
        segmentation=dict(LEFT, counts=LEFT['counts'].decode()))]


@pytest.mark.parametrize('kind, name, top', [
    ('DAVISDataset', 'davis', ''), ('MOSEDataset', 'mose', ''),
    ('YouTubeVOSDataset', 'youtube_vos', 'Annotations/'),
])
def test_packing_masks(build, tmp_path, kind, name, top):
    dataset = build(kind, FIRST)
    results = StoredResults(dataset, tmp_path / 'r')
    street, yard = samples(dataset, [Track(1, 0, 1., [None, RIGHT])],
                           [Track(1, 0, 1., [LEFT, LEFT, None]), Track(2, 0, 1., [None] * 3)])
    results.save(street)
    results.save(yard)
    path, problems = results.pack()
    assert path == tmp_path / f'r/{name}-prompted.zip' and problems == []
    with zipfile.ZipFile(path) as archive:
        maps = {member: np.array(Image.open(archive.open(member))) for member in archive.namelist()}
    left, right = box(0, 3), box(4, 8)
    expected = {'street/00000': left, 'street/00001': right, 'yard/00000': left,
                'yard/00001': left + 2 * right, 'yard/00002': 0 * left}
    assert list(maps) == [f'{top}{member}.png' for member in expected]
    np.testing.assert_array_equal(list(maps.values()), list(expected.values()))

    # A video whose masks got lost is not done.
    assert results.load(yard)
    (tmp_path / f'r/{name}-prompted/masks/yard/00001.png').unlink()
    assert not results.load(yard) and results.load(street)


def test_no_server_takes_prompted_tracks(build, tmp_path):
    dataset = build('YouTubeVISDataset', ALL, task='prompted')
    results = StoredResults(dataset, tmp_path / 'r')
    for sample in samples(dataset, [Track(1, 0, 1., [LEFT] * 3)], []):
        results.save(sample)
        assert results.load(sample)
    assert results.pack() is None
    assert [path.name for path in (tmp_path / 'r').iterdir()] == ['youtube_vis-prompted']
