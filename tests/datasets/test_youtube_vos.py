import json

import numpy as np
import pytest

from ausm_mm.datasets import DataError, YouTubeVOSDataset
from ausm_mm.datasets.transforms import LazyFrames, PackVideo


@pytest.fixture
def vos_root(tmp_path, write_image, write_palette):
    """Object 1 (seen) from frame 00000, object 2 (unseen) from 00010; masks at their first frames
    only, as in the valid split."""
    for stem in ('00000', '00005', '00010', '00015'):
        write_image(tmp_path / f'JPEGImages/abc/{stem}.jpg', np.full((4, 6, 3), 50))
    first, late = np.zeros((4, 6)), np.zeros((4, 6))
    first[0, :3] = 1
    late[3, 2:] = 2
    write_palette(tmp_path / 'Annotations/abc/00000.png', first)
    write_palette(tmp_path / 'Annotations/abc/00010.png', late)
    write_meta(tmp_path, meta())
    return tmp_path


def meta():
    return dict(videos=dict(abc=dict(objects={
        '2': dict(category='bus stop', frames=['00010', '00015']),
        '1': dict(category='person', frames=['00000', '00005', '00010', '00015'])})))


def write_meta(root, content):
    (root / 'meta.json').write_text(json.dumps(content))


def build(root, **kwargs):
    return YouTubeVOSDataset(
        data_root=str(root), ann_file='meta.json',
        data_prefix=dict(img='JPEGImages', mask='Annotations'), **kwargs)


def test_contract(vos_root):
    info = build(vos_root).get_data_info(0)
    masks = {t: str(vos_root / f'Annotations/abc/000{t:02d}.png') for t in (0, 10)}
    assert info['annotated_frames'] == [0, 2]
    assert (info['dataset_name'], info['task'], info['exhaustive']) == (
        'youtube_vos', 'prompted', False)
    assert info['objects'] == [
        dict(object_id=1, label=0, category='person', seen=True,
             segmentations=[masks[0], None, masks[10], None]),
        dict(object_id=2, label=0, category='bus stop', seen=False,
             segmentations=[None, None, masks[10], None])
    ]


def test_late_object_is_prompted_where_it_appears(vos_root):
    dataset = build(vos_root, test_mode=True, pipeline=[LazyFrames(), PackVideo()])
    sample = dataset[0]['data_samples']
    assert {t: [track.object_id for track in tracks]
            for t, tracks in sample.prompts.items()} == {0: [1], 2: [2]}
    assert sample.seen_objects == {1: True, 2: False}


def test_without_categories_seen_is_unknown(vos_root):
    content = meta()
    for obj in content['videos']['abc']['objects'].values():
        del obj['category']
    write_meta(vos_root, content)
    dataset = build(vos_root, test_mode=True, pipeline=[LazyFrames(), PackVideo()])
    assert 'seen_objects' not in dataset[0]['data_samples']


@pytest.mark.parametrize('content, message', [
    ([], 'meta.json: holds a list'),
    (dict(videos=[]), r'meta.json: the videos of the file is \[\], not a dict'),
    (dict(videos=dict(abc=dict(objects={'x': dict(frames=['00000'])}))),
     'meta.json: object x of video abc needs a number'),
    (dict(videos=dict(abc=dict(objects={'1': dict(frames=[])}))),
     r'meta.json: the frames of object 1 of video abc is \[\], not a list of texts'),
    (dict(videos=dict(abc=dict(objects={'1': dict(frames=['00001'])}))),
     'meta.json: object 1 of video abc is in frame 00001, which is not in .*JPEGImages/abc'),
    (dict(videos=dict(gone=dict(objects={}))), 'JPEGImages/gone: is not a folder'),
    (dict(videos=dict(abc=dict(objects={}))), 'holds no video with an annotated object'),
    (dict(videos={}), 'holds no video with an annotated object'),
])
def test_errors(vos_root, content, message):
    write_meta(vos_root, content)
    with pytest.raises(DataError, match=message):
        build(vos_root)


def test_damaged_frame_is_left_to_training(vos_root):
    (vos_root / 'JPEGImages/abc/00000.jpg').write_bytes(b'')
    with pytest.raises(DataError, match='00000.jpg: is not a readable image'):
        build(vos_root)[0]  # of the only video, so that no other takes its place
    with pytest.raises(DataError, match='00000.jpg: is not a readable image'):
        build(vos_root, test_mode=True)


def test_mask_without_a_frame(vos_root, write_palette):
    write_palette(vos_root / 'Annotations/abc/00007.png', np.zeros((4, 6)))
    with pytest.raises(DataError, match='00007.png: there is no frame of that name'):
        build(vos_root)
