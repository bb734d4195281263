import json

import numpy as np
import pytest

from ausm_mm.datasets import DataError, YouTubeVISDataset
from ausm_mm.datasets.masks import frame_masks
from ausm_mm.datasets.preparation import convert_coco_video, convert_labelme

BOX = dict(label='dog', points=[[1, 2], [4, 6]], shape_type='rectangle', group_id=None)


def labelme(path, shapes, **changes):
    path.write_text(json.dumps(dict(dict(shapes=shapes, imageHeight=8, imageWidth=10), **changes)))


def read(root, name='out.json'):
    dataset = YouTubeVISDataset(data_root=str(root), ann_file=name, data_prefix=dict(img=''))
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def box_mask(x1, y1, x2, y2):
    mask = np.zeros((8, 10), bool)
    mask[y1:y2, x1:x2] = True
    return mask


@pytest.fixture
def frames(tmp_path, write_image):
    for name in ('one/0.jpg', 'one/1.jpg', 'two/0.png'):
        write_image(tmp_path / name, np.zeros((8, 10, 3)))
    return tmp_path


def test_labelme(frames):
    triangle = dict(label='cat', points=[[0, 0], [8, 0], [0, 8]], group_id=2)
    labelme(frames / 'one/0.json', [BOX, dict(BOX, group_id=5, points=[[5, 2], [9, 6]]), triangle])
    labelme(frames / 'one/1.json', [dict(BOX, points=[[2, 2], [5, 6]]),
                                    dict(BOX, points=[[7, 0], [9, 2]])])
    labelme(frames / 'two/0.json', [dict(BOX, shape_type='circle', points=[[5, 4], [5, 7]])])
    convert_labelme(frames, frames / 'out.json')
    one, two = read(frames)
    assert [one['video_name'], two['video_name']] == ['one', 'two']
    assert one['img_paths'] == [str(frames / 'one/0.jpg'), str(frames / 'one/1.jpg')]
    names = [one['classes'][obj['label']] for obj in one['objects']]
    assert sorted(names) == ['cat', 'dog', 'dog']  # a group is an object of its own
    first, second = frame_masks(one['objects'], 0, 8, 10), frame_masks(one['objects'], 1, 8, 10)
    dog = next(n for n, mask in enumerate(first) if (mask == box_mask(1, 2, 4, 6)).all())
    # Two shapes of the same label and group are parts of one object.
    np.testing.assert_array_equal(second[dog], box_mask(2, 2, 5, 6) | box_mask(7, 0, 9, 2))
    assert second.any(axis=(1, 2)).sum() == 1
    circle = frame_masks(two['objects'], 0, 8, 10)
    assert circle.sum() == pytest.approx(np.pi * 9, rel=0.15)


def test_labelme_single_folder(frames):
    labelme(frames / 'one/1.json', [BOX])
    convert_labelme(frames / 'one', frames / 'one/out.json')
    [info] = read(frames / 'one')
    assert info['video_name'] == 'one' and len(info['img_paths']) == 2
    assert [s is None for s in info['objects'][0]['segmentations']] == [True, False]


@pytest.mark.parametrize('shapes, changes, message', [
    ([], {}, 'out.json: there is no annotated object to write'),
    ([BOX], dict(imageWidth=11), '0.json: is for an image of 11 x 8 .* first frame is 10 x 8'),
    ([dict(BOX, label='')], {}, "0.json: the label of a shape is '', not a text"),
    ([dict(BOX, shape_type='line')], {}, "0.json: the shape 'dog' is a line of 2 points; draw it"),
    ([dict(BOX, shape_type='polygon')], {}, "0.json: the shape 'dog' is a polygon of 2 points"),
    ([dict(BOX, points=[[0, 0], [1e9, 4]])], {}, 'one/0.json: polygons must be flat lists'),
])
def test_labelme_errors(frames, shapes, changes, message):
    labelme(frames / 'one/0.json', shapes, **changes)
    with pytest.raises(DataError, match=message):
        convert_labelme(frames, frames / 'out.json')


def test_labelme_without_images(tmp_path):
    with pytest.raises(DataError, match=f'{tmp_path}: holds no .jpg or .jpeg or .png file'):
        convert_labelme(tmp_path, tmp_path / 'out.json')


def coco_video():
    square = [[1, 1, 3, 1, 3, 3, 1, 3]]
    images = [dict(id=10 + t, video_id=1, frame_id=t, file_name=f'one/{t}.jpg', height=8, width=10)
              for t in (1, 0)]  # in any order
    return dict(
        videos=[dict(id=1, name='one')], images=images, categories=[dict(id=4, name='dog')],
        annotations=[
            dict(id=1, image_id=11, instance_id=7, category_id=4, segmentation=square),
            dict(id=2, image_id=10, instance_id=8, category_id=4,
                 segmentation=dict(size=[8, 10], counts=[0, 80]))
        ])


def test_coco_video(tmp_path):
    (tmp_path / 'in.json').write_text(json.dumps(coco_video()))
    convert_coco_video(tmp_path / 'in.json', tmp_path / 'out.json')
    [info] = read(tmp_path)
    assert info['img_paths'] == [str(tmp_path / f'one/{t}.jpg') for t in (0, 1)]
    assert info['classes'] == ('dog', )
    early, late = info['objects']
    assert late['segmentations'][0] is None and early['segmentations'][1] is None
    np.testing.assert_array_equal(frame_masks([late], 1, 8, 10)[0], box_mask(1, 1, 3, 3))
    assert frame_masks([early], 0, 8, 10).all()


def test_coco_video_folder(tmp_path):
    with pytest.raises(DataError, match='holds 0 json files; name the one to convert'):
        convert_coco_video(tmp_path, tmp_path / 'out.json')
    (tmp_path / 'in.json').write_text(json.dumps(coco_video()))
    convert_coco_video(tmp_path, tmp_path / 'sub/out.json')
    assert len(read(tmp_path / 'sub')) == 1


@pytest.mark.parametrize('change, message', [
    (lambda raw: raw['images'][0].pop('video_id'), "the key 'video_id' is missing in image 11"),
    (lambda raw: raw['images'][0].pop('frame_id'), "the key 'frame_id' is missing in image 11"),
    (lambda raw: raw['annotations'][0].pop('instance_id'),
     'annotation 1 has neither instance_id nor track_id'),
    (lambda raw: raw['images'][0].update(width=11), 'image 11 is 11 x 8 .* first of its video 10'),
    (lambda raw: raw['annotations'][1]['segmentation'].update(size=[1, 1]),
     r"annotation 2: the mask's size is \[1, 1\]"),
    (lambda raw: raw['annotations'][1]['segmentation'].update(counts=[0, 79]),
     'annotation 2: an RLE covers 79 pixels, but the frame has 80'),
    (lambda raw: raw['annotations'][0].update(image_id=9),
     'annotation 1 names the image 9, which is not among the images'),
    (lambda raw: raw['annotations'][0].update(category_id=9),
     'annotation 1 names the category 9, which is not among the categories'),
    (lambda raw: raw['annotations'][1].update(image_id=11, instance_id=7),
     'annotation 2 is the second one of its object in image 11; unite their masks'),
    (lambda raw: (raw['categories'].append(dict(id=5, name='cat')),
                  raw['annotations'][1].update(instance_id=7, category_id=5)),
     'annotation 2 is of category 5, annotation 1 of the same object is of 4'),
])
def test_coco_video_errors(tmp_path, change, message):
    raw = coco_video()
    change(raw)
    (tmp_path / 'in.json').write_text(json.dumps(raw))
    with pytest.raises(DataError, match=f'in.json: {message}'):
        convert_coco_video(tmp_path / 'in.json', tmp_path / 'out.json')
