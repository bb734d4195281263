import json

import numpy as np
import pytest

from ausm_mm.datasets import COCOVideoDataset, DataError


def content():
    square = [[1, 1, 3, 1, 3, 3, 1, 3]]
    return dict(
        images=[dict(id=5, file_name='a.jpg', height=4, width=6),
                dict(id=6, file_name='b.jpg', height=4, width=6)],
        categories=[dict(id=90, name='toothbrush'), dict(id=1, name='person')],
        annotations=[
            dict(id=1, image_id=5, category_id=90, iscrowd=0, segmentation=square),
            dict(id=2, image_id=5, category_id=1, iscrowd=1,
                 segmentation=dict(size=[4, 6], counts=[0, 24])),
            dict(id=3, image_id=6, category_id=1, iscrowd=0, segmentation=[])
        ])


def build(root, raw, **kwargs):
    (root / 'ann.json').write_text(json.dumps(raw))
    return COCOVideoDataset(data_root=str(root), ann_file='ann.json', data_prefix=dict(img='img'),
                            **kwargs)


def test_contract(tmp_path):
    dataset = build(tmp_path, content())
    assert len(dataset) == 1  # the second image has no mask
    info = dataset.get_data_info(0)
    classes = info.pop('classes')
    assert len(classes) == 80 and classes[0] == 'person' and classes[79] == 'toothbrush'
    assert len(dataset.metainfo['palette']) == 80
    assert info == dict(
        sample_idx=0, ann_file=str(tmp_path / 'ann.json'), dataset_name='coco', task='unprompted',
        exhaustive=True, video_id=5, video_name='a', height=4, width=6,
        img_paths=[str(tmp_path / 'img/a.jpg')], annotated_frames=[0],
        objects=[dict(object_id=1, label=79,  # the crowd region is no target
                      segmentations=[[[1, 1, 3, 1, 3, 3, 1, 3]]])])


def test_images_without_masks_are_kept_for_testing(tmp_path):
    assert len(build(tmp_path, content(), test_mode=True)) == 2


def test_polygons_of_two_points_are_dropped(tmp_path):
    raw = content()
    raw['annotations'][0]['segmentation'].append([1, 1, 2, 2])
    objects = build(tmp_path, raw).get_data_info(0)['objects']
    assert objects[0]['segmentations'] == [[[1, 1, 3, 1, 3, 3, 1, 3]]]


def test_own_classes(tmp_path):
    dataset = build(tmp_path, content(), metainfo=dict(classes=('toothbrush', 'person')))
    assert dataset.get_data_info(0)['objects'][0]['label'] == 0


@pytest.mark.parametrize('change, message', [
    (lambda raw: raw.pop('images'), "the key 'images' is missing in the file; see the COCO layout"),
    (lambda raw: raw['images'][0].pop('width'), "the key 'width' is missing in image 5"),
    (lambda raw: raw['annotations'][0].pop('segmentation'),
     "the key 'segmentation' is missing in annotation 1"),
    (lambda raw: raw['annotations'][0].update(image_id=9),
     'annotation 1 names the image 9, which is not among the images'),
    (lambda raw: raw['annotations'][0].update(category_id=9),
     'annotation 1 names the category 9, which is not among the categories'),
    (lambda raw: raw['annotations'][0].update(segmentation=dict(size=[6, 4], counts='')),
     r"annotation 1: the mask's size is \[6, 4\], the video's \[4, 6\]"),
    (lambda raw: raw['categories'][0].update(name='brush'),
     "the category 'brush' is not among the 80 classes of the metainfo"),
    (lambda raw: raw['annotations'].pop(0), 'holds no video with an annotated object'),
])
def test_errors(tmp_path, change, message):
    raw = content()
    change(raw)
    with pytest.raises(DataError, match=f'ann.json: {message}'):
        build(tmp_path, raw)


def test_result_file_is_refused(tmp_path):
    with pytest.raises(DataError, match='ann.json: holds a list, not the dict of a COCO annot'):
        build(tmp_path, [])


def test_official_annotations(shared_data):
    dataset = COCOVideoDataset(
        data_root=str(shared_data / 'coco-fixture'), ann_file='instances_val2014_100.json',
        data_prefix=dict(img=''))
    raw = json.loads((shared_data / 'coco-fixture/instances_val2014_100.json').read_text())
    targets = [a for a in raw['annotations'] if not a['iscrowd']]
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert len(infos) == len({a['image_id'] for a in targets})
    assert sum(len(info['objects']) for info in infos) == len(targets)
    names = {c['id']: c['name'] for c in raw['categories']}
    labels = {a['id']: names[a['category_id']] for a in targets}
    assert all(labels[obj['object_id']] == info['classes'][obj['label']]
               for info in infos for obj in info['objects'])
    assert np.unique([obj['label'] for info in infos for obj in info['objects']]).max() == 79
