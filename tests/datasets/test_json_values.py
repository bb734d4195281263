"""A json may hold anything anywhere: that gives one clear error, or a data set that works."""
import json

import numpy as np
import pytest

from ausm_mm.datasets import (
    COCOVideoDataset,
    DataError,
    SAVDataset,
    YouTubeVISDataset,
    YouTubeVOSDataset,
)
from ausm_mm.datasets.json_values import load_json, read_value
from ausm_mm.datasets.masks import frame_masks
from ausm_mm.datasets.preparation import convert_coco_video, convert_labelme, split_json

QUICK = dict(test_mode=True, serialize_data=False)  # serialising collects garbage, which is slow
OTHER_KINDS = [None, 'x', -1, 2**40, [], {}, [None]]
RLE = dict(size=[4, 6], counts=[4, 10, 10])
TRIANGLE = [[1, 1, 4, 1, 4, 3]]
COCO = dict(
    images=[dict(id=1, file_name='a.png', height=4, width=6)],
    categories=[dict(id=1, name='person'), dict(id=2, name='car')],
    annotations=[dict(id=n, image_id=1, category_id=1, iscrowd=0, segmentation=mask)
                 for n, mask in enumerate((TRIANGLE, RLE), 1)])
YOUTUBE_VIS = dict(
    videos=[dict(id=i, name='one', height=4, width=6, file_names=['0.png', '1.png'])
            for i in (1, 2)],
    categories=COCO['categories'],
    annotations=[dict(id=i, video_id=i, category_id=i, iscrowd=0, segmentations=[RLE, TRIANGLE])
                 for i in (1, 2)])
TO_SPLIT = dict(YOUTUBE_VIS, annotations=[
    dict(id=i, video_id=i, category_id=1) for i in (1, 2)])
COCO_VIDEO = dict(
    videos=[dict(id=1, name='one')],
    images=[dict(id=i, video_id=1, frame_id=i, height=4, width=6, file_name=f'{i}.png')
            for i in (0, 1)],
    categories=COCO['categories'],
    annotations=[dict(id=i, image_id=i, category_id=1, instance_id=5, segmentation=mask)
                 for i, mask in enumerate((TRIANGLE, RLE))])
LABELME = dict(imageHeight=4, imageWidth=6, shapes=[
    dict(label='cat', group_id=None, shape_type='circle', points=[[2, 2], [3, 3]]),
    dict(label='dog', group_id=1, points=[[1, 1], [4, 1], [4, 3]])])
SAV = dict(video_height=4.0, video_width=6.0, masklet=[[dict(size=[4, 6], counts='4::')]] * 2)
YOUTUBE_VOS = dict(videos=dict(abc=dict(objects={'1': dict(category='ape', frames=['0'])})))


def places(content, path=()):
    """The path of every value."""
    yield path
    items = (content.items() if isinstance(content, dict)
             else enumerate(content) if isinstance(content, list) else ())
    for key, value in items:
        yield from places(value, (*path, key))


def variants(content):
    """Copies in which one value is of another kind or missing."""
    for path in places(content):
        for value in OTHER_KINDS:
            whole = [json.loads(json.dumps(content))]
            owner, key = whole, 0
            for step in path:
                owner, key = owner[key], step
            owner[key] = value
            yield whole[0]
        if path:
            del owner[key]
            yield whole[0]


def decode(dataset):
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        for t in range(len(info['img_paths'])):
            frame_masks(info['objects'], t, info['height'], info['width'])


READERS = {
    'coco.json': (COCO, lambda root, path: decode(COCOVideoDataset(
        ann_file=path, data_prefix=dict(img=str(root)), **QUICK))),
    'ytvis.json': (YOUTUBE_VIS, lambda root, path: decode(YouTubeVISDataset(
        ann_file=path, data_prefix=dict(img=str(root)), **QUICK))),
    'a_manual.json': (SAV, lambda root, path: decode(SAVDataset(
        data_prefix=dict(video=str(root)), **QUICK))),
    'meta.json': (YOUTUBE_VOS, lambda root, path: decode(YouTubeVOSDataset(
        ann_file=path, data_prefix=dict(img=f'{root}/img', mask=f'{root}/mask'), **QUICK))),
    'train.json': (TO_SPLIT, lambda root, path: split_json(path, 0.5)),
    'cocovid.json': (COCO_VIDEO, lambda root, path: convert_coco_video(path, root / 'out.json')),
    '0.json': (LABELME, lambda root, path: convert_labelme(root, root / 'out.json')),
}


@pytest.mark.parametrize('name', READERS)
def test_values_of_another_kind(tmp_path, write_image, write_palette, name):
    write_image(tmp_path / '0.png', np.zeros((4, 6, 3)))
    write_image(tmp_path / 'img/abc/0.png', np.zeros((4, 6, 3)))
    write_palette(tmp_path / 'mask/abc/0.png', np.ones((4, 6)))
    content, read = READERS[name]
    path = tmp_path / name
    path.write_text(json.dumps(content))
    read(tmp_path, path)
    refused = 0
    for variant in variants(content):
        path.write_text(json.dumps(variant))
        try:
            read(tmp_path, path)
        except DataError as error:
            refused += 1
            assert '\n' not in str(error) and len(str(error)) < 400 + len(str(path))
    assert refused > 20


@pytest.mark.parametrize('kind, fit, unfit', [
    ('id', [3, 'a'], [None, [], 1.5]),
    ('number', [3, -1], ['3', 1.5, None, 2**63]),
    ('size', [3, 480.0], [0, -3, 0.5, 2**16, float('nan'), float('inf'), '3']),
    ('text', ['a'], ['', 3, None]),
    ('texts', [['a', 'b']], [[], 'a', [3]]),
    ('list', [[], [3]], [{}, 'a', None]),
    ('dict', [{}], [[], None]),
    ('points', [[], [[1, 2.5]]], [[1, 2], [[1]], [['1', 2]], None]),
    ('mask', [None, [], {}], ['a', 3]),
])
def test_kinds(kind, fit, unfit):
    for value in fit:
        assert read_value(dict(key=value), 'key', kind, 'it', 'a.json', 'COCO') is value
    for value in unfit:
        with pytest.raises(DataError, match='^a.json: the key of it is .*, not .*; see the COCO'):
            read_value(dict(key=value), 'key', kind, 'it', 'a.json', 'COCO')


def test_long_values_are_cut_in_messages():
    with pytest.raises(DataError) as caught:
        read_value(dict(key='x' * 10**5), 'key', 'dict', 'it', 'a.json', 'COCO')
    assert len(str(caught.value)) < 150


def test_nesting_without_end(tmp_path):
    (tmp_path / 'deep.json').write_text('[' * 10**6)
    with pytest.raises(DataError, match='deep.json: is not valid json'):
        load_json(str(tmp_path / 'deep.json'), 'COCO')
