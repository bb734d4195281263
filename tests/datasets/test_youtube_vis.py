import json

import numpy as np
import pytest

from ausm_mm.datasets import DataError, YouTubeVISDataset

CORNER = dict(size=[4, 6], counts=[0, 2, 2, 2, 18])


def build(root, **kwargs):
    kwargs = {'ann_file': 'ann.json', 'data_prefix': dict(img='images'), **kwargs}
    return YouTubeVISDataset(data_root=str(root), **kwargs)


def edit(root, change):
    """Applies ``change`` to the json's content."""
    content = json.loads((root / 'ann.json').read_text())
    change(content)
    (root / 'ann.json').write_text(json.dumps(content))


def test_contract(tiny_ytvis):
    info = build(tiny_ytvis, test_mode=True).get_data_info(0)
    assert info == dict(
        sample_idx=0, ann_file=str(tiny_ytvis / 'ann.json'), dataset_name='youtube_vis',
        task='unprompted', exhaustive=True, classes=('a', 'b'),  # by category id
        video_id=1, video_name='one', height=4, width=6, annotated_frames=[0, 1, 2],
        img_paths=[str(tiny_ytvis / f'images/one/{t}.png') for t in range(3)],
        objects=[
            dict(object_id=11, label=1, segmentations=[CORNER, None, CORNER]),
            dict(object_id=12, label=0, segmentations=[None, [[2, 1, 6, 1, 6, 4, 2, 4]], None])
        ])


def test_training_leaves_out_videos_without_objects(tiny_ytvis):
    assert len(build(tiny_ytvis)) == 1
    assert len(build(tiny_ytvis, test_mode=True)) == 2


def test_classes_from_the_config_set_the_labels(tiny_ytvis):
    dataset = build(tiny_ytvis, metainfo=dict(classes=('b', 'x', 'a')))
    assert [o['label'] for o in dataset.get_data_info(0)['objects']] == [0, 2]
    assert dataset.get_data_info(0)['classes'] == ('b', 'x', 'a')
    assert dataset.metainfo['classes'] == ('b', 'x', 'a')


def test_null_annotations(tiny_ytvis):
    edit(tiny_ytvis, lambda c: c.update(annotations=None))
    dataset = build(tiny_ytvis, test_mode=True)
    assert [dataset.get_data_info(i)['objects'] for i in range(2)] == [[], []]
    with pytest.raises(DataError, match='ann.json: holds no video with an annotated object'):
        build(tiny_ytvis)


def test_crowds_and_objects_without_any_mask_are_left_out(tiny_ytvis):

    def change(content):
        content['annotations'][0]['iscrowd'] = 1
        content['annotations'][1]['segmentations'] = [None, [], None]

    edit(tiny_ytvis, change)
    assert build(tiny_ytvis, test_mode=True).get_data_info(0)['objects'] == []


def test_name_falls_back_to_the_folder(tiny_ytvis):
    edit(tiny_ytvis, lambda c: c['videos'][0].pop('name'))
    assert build(tiny_ytvis).get_data_info(0)['video_name'] == 'one'


def test_official_fixture(shared_data, tmp_path):
    content = json.loads((shared_data / 'ytvis-fixture/ytvis_gt.json').read_text())
    # The fixture is for evaluation and names no frames.
    content['videos'][0]['file_names'] = [f'0043f083b5/{5 * t:05d}.jpg' for t in range(20)]
    (tmp_path / 'gt.json').write_text(json.dumps(content))
    dataset = build(tmp_path, ann_file='gt.json', data_prefix=dict(img=''))
    info = dataset.get_data_info(0)
    assert len(info['classes']) == 40
    assert info['classes'][0] == 'person'
    assert (info['height'], info['width'], info['video_id']) == (720, 1280, 1)
    assert [o['label'] for o in info['objects']] == [5, 5]
    absent = [[t for t, s in enumerate(o['segmentations']) if s is None] for o in info['objects']]
    areas = [a['areas'] for a in content['annotations']]
    assert absent == [[t for t, a in enumerate(area) if a is None] for area in areas]


def set_annotation(key, value):
    return lambda c: c['annotations'][0].__setitem__(key, value)


def set_rle(value):
    return set_annotation('segmentations', [None, None, value])


@pytest.mark.parametrize('change, message', [
    (lambda c: c.pop('videos'), "'videos' is missing in the file; see .* docs/data.md"),
    (lambda c: c.pop('categories'), "'categories' is missing in the file"),
    (lambda c: c.pop('annotations'), "'annotations' is missing in the file .null if hidden"),
    (lambda c: c['videos'][0].pop('file_names'), "'file_names' is missing in video 1"),
    (lambda c: c['videos'][0].pop('width'), "'width' is missing in video 1"),
    (lambda c: c['videos'][0].update(file_names=[]),
     r'the file_names of video 1 is \[\], not a list of texts'),
    (lambda c: c['videos'][1].update(id=1), 'two videos have the id 1; give each one of its own'),
    (lambda c: c['annotations'].append(3), 'an annotation is 3, not a dict'),
    (lambda c: c['annotations'][0].pop('segmentations'),
     "'segmentations' is missing in annotation 11"),
    (set_annotation('category_id', 9), 'annotation 11 names the category 9, which is not among'),
    (set_annotation('video_id', 5), 'annotation 11 names the video 5, which is not among'),
    (set_annotation('segmentations', [None]), 'annotation 11 of video 1 has 1 segmentations for '
     '3 frames; .* null where it is absent'),
    (set_annotation('segmentations', None),
     'the segmentations of annotation 11 is None, not a list'),
    (set_rle(dict(size=[6, 4], counts='')), r'annotation 11 of video 1, frame 2: the mask.s '
     r'size is \[6, 4\], the video.s \[4, 6\]'),
    (set_rle(dict(counts=[3, 4])), "RLE with 'size' and 'counts'"),
    (set_rle('x.png'), "must be null, polygons or an RLE with 'size' and 'counts'"),
    (set_rle([[1, 2, 3]]), 'each polygon must be a flat list'),
    (set_rle([1, 2, 3, 4, 5, 6]), 'each polygon must be a flat list'),
])
def test_bad_json_is_one_clear_error(tiny_ytvis, change, message):
    edit(tiny_ytvis, change)
    with pytest.raises(DataError, match=r'ann.json: .*' + message) as caught:
        build(tiny_ytvis)
    assert '\n' not in str(caught.value)


def test_category_that_the_config_does_not_know(tiny_ytvis):
    with pytest.raises(DataError, match="the category 'a' is not among .* add it to the config"):
        build(tiny_ytvis, metainfo=dict(classes=('b', )))


@pytest.mark.parametrize('text, message', [
    ('{"videos": [', 'is not valid json'),
    ('', 'is not valid json'),
    ('[]', 'holds a list, not the dict'),
])
def test_malformed_file(tiny_ytvis, text, message):
    (tiny_ytvis / 'ann.json').write_text(text)
    with pytest.raises(DataError, match='ann.json: ' + message):
        build(tiny_ytvis)


def test_missing_file(tiny_ytvis):
    with pytest.raises(DataError, match='other.json: cannot be read'):
        build(tiny_ytvis, ann_file='other.json')


def test_wrong_task(tiny_ytvis):
    with pytest.raises(DataError, match="task='vos' of the data set youtube_vis"):
        build(tiny_ytvis, task='vos')


def test_synthetic_set_reads_back(synthetic_root, synthetic_options):
    dataset = build(synthetic_root / 'ytvis', ann_file='val.json',
                    data_prefix=dict(img='val/JPEGImages'), test_mode=True)
    assert len(dataset) == 20
    assert dataset.metainfo['classes'] == ('disc', 'square', 'triangle')
    labels = [o['label'] for i in range(20) for o in dataset.get_data_info(i)['objects']]
    assert (np.bincount(labels, minlength=3) > 0).all()
