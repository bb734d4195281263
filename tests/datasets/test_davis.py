import numpy as np
import pytest

from ausm_mm.datasets import DataError, DAVISDataset


def build(root, **kwargs):
    kwargs = {'ann_file': 'list.txt', 'data_prefix': dict(img='img', mask='mask'), **kwargs}
    return DAVISDataset(data_root=str(root), **kwargs)


def test_contract(tiny_davis):
    info = build(tiny_davis).get_data_info(0)
    masks = [str(tiny_davis / f'mask/late/{t:05d}.png') for t in range(4)]
    assert info == dict(
        sample_idx=0, ann_file=str(tiny_davis / 'list.txt'), dataset_name='davis',
        task='prompted', exhaustive=False, classes=('object', ), video_id=0,
        video_name='late', height=4, width=6,
        img_paths=[str(tiny_davis / f'img/late/{t:05d}.jpg') for t in range(4)],
        annotated_frames=[0, 2, 3],
        objects=[
            dict(object_id=1, label=0, segmentations=[masks[0], None, masks[2], None]),
            dict(object_id=4, label=0, segmentations=[None, None, masks[2], None])
        ])


def test_without_a_list_all_videos_are_read(tiny_davis, write_palette, write_image):
    write_image(tiny_davis / 'img/early/7.jpg', np.zeros((4, 6, 3)))
    write_palette(tiny_davis / 'mask/early/7.png', np.ones((4, 6)))
    dataset = build(tiny_davis, ann_file='')
    assert [dataset.get_data_info(i)['video_name'] for i in range(2)] == ['early', 'late']


def test_videos_keep_the_order_of_the_list(tiny_davis, write_palette, write_image):
    write_image(tiny_davis / 'img/early/7.jpg', np.zeros((4, 6, 3)))
    write_palette(tiny_davis / 'mask/early/7.png', np.ones((4, 6)))
    (tiny_davis / 'list.txt').write_text('late\n\nearly\n')
    dataset = build(tiny_davis)
    assert [dataset.get_data_info(i)['video_name'] for i in range(2)] == ['late', 'early']


def test_video_names_may_hold_spaces(tiny_davis):
    for folder in ('img', 'mask'):
        (tiny_davis / folder / 'late').rename(tiny_davis / folder / 'too late')
    (tiny_davis / 'list.txt').write_text(' too late \r\n')
    assert build(tiny_davis).get_data_info(0)['video_name'] == 'too late'


@pytest.mark.parametrize('text', ['', '\n \n'])
def test_empty_list(tiny_davis, text):
    (tiny_davis / 'list.txt').write_text(text)
    with pytest.raises(DataError, match='list.txt: names no video; write one name a line'):
        build(tiny_davis)


def test_missing_list(tiny_davis):
    with pytest.raises(DataError, match='train.txt: cannot be read'):
        build(tiny_davis, ann_file='train.txt')


def test_missing_folders(tiny_davis, write_image):
    (tiny_davis / 'list.txt').write_text('gone\n')
    with pytest.raises(DataError, match=r"img/gone: is not a folder; .*data_prefix\['img'\]"):
        build(tiny_davis)
    (tiny_davis / 'img/gone').mkdir()
    with pytest.raises(DataError, match='img/gone: holds no .jpg or .jpeg or .png file'):
        build(tiny_davis)
    write_image(tiny_davis / 'img/gone/0.jpg', np.zeros((4, 6, 3)))
    with pytest.raises(DataError, match=r"mask/gone: is not a folder; .*data_prefix\['mask'\]"):
        build(tiny_davis)
    (tiny_davis / 'mask/gone').mkdir()
    with pytest.raises(DataError, match='mask/gone: holds no .png file'):
        build(tiny_davis)
    with pytest.raises(DataError, match=r"nowhere: is not a folder; correct data_prefix\['img'\]"):
        build(tiny_davis, ann_file='', data_prefix=dict(img='nowhere', mask='mask'))


def test_mask_without_a_frame(tiny_davis, write_palette):
    write_palette(tiny_davis / 'mask/late/00009.png', np.ones((4, 6)))
    with pytest.raises(DataError, match='00009.png: there is no frame of that name in .*img/late'):
        build(tiny_davis)


def test_mask_of_another_size(tiny_davis, write_palette):
    write_palette(tiny_davis / 'mask/late/00002.png', np.ones((4, 5)))
    with pytest.raises(DataError, match='00002.png: the mask is 5 x 4 .* its frame 6 x 4'):
        build(tiny_davis)


@pytest.mark.parametrize('file', ['img/late/00000.jpg', 'mask/late/00002.png'])
def test_damaged_file_is_left_to_training(tiny_davis, write_image, write_palette, file):
    write_image(tiny_davis / 'img/sound/0.jpg', np.zeros((4, 6, 3)))
    write_palette(tiny_davis / 'mask/sound/0.png', np.ones((4, 6)))
    (tiny_davis / 'list.txt').write_text('late\nsound\n')
    (tiny_davis / file).write_bytes((tiny_davis / file).read_bytes()[:20])
    clip = [dict(type='SampleClip', length=2), dict(type='LoadClipFrames'),
            dict(type='LoadClipMasks'), dict(type='PackClip')]
    dataset = build(tiny_davis, pipeline=clip)
    sample = dataset[0]['data_samples']
    assert sample.video_name == 'sound'
    assert {idx for idx, _ in sample.unreadable} == {0}
    assert f'{file}: is not a readable' in sample.unreadable[0][1]
    assert 'unreadable' not in dataset[1]['data_samples']
    with pytest.raises(DataError, match=f'{file}: is not a readable'):
        build(tiny_davis, test_mode=True)


def test_only_empty_masks_cannot_train(tiny_davis, write_palette):
    for t in (0, 2):
        write_palette(tiny_davis / f'mask/late/{t:05d}.png', np.zeros((4, 6)))
    with pytest.raises(DataError, match='list.txt: holds no video with an annotated object'):
        build(tiny_davis)
    assert build(tiny_davis, test_mode=True).get_data_info(0)['objects'] == []


def test_davis_2016(shared_data):
    dataset = build(shared_data / 'davis2016-240p', ann_file='ImageSets/val.txt', test_mode=True,
                    data_prefix=dict(img='JPEGImages/240p', mask='Annotations/240p'))
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert [info['video_name'] for info in infos][:2] == ['blackswan', 'car-shadow']
    for info in infos:
        assert (info['height'], info['width']) == (240, 427)
        assert [o['object_id'] for o in info['objects']] == [1]
        assert info['annotated_frames'] == list(range(len(info['img_paths'])))


def test_real_palette_masks(shared_data):
    prefix = dict(img='images', mask='masks')
    root = shared_data / 'cutie-examples'
    # One of judo's masks is a pixel narrower than its frame.
    with pytest.raises(DataError, match='judo/00005.png: the mask is 853 x 480 .* frame 854 x 480'):
        build(root, ann_file='', data_prefix=prefix)


def test_real_video_with_two_objects(shared_data, tmp_path):
    (tmp_path / 'list.txt').write_text('bike\n')
    dataset = build(shared_data / 'cutie-examples', ann_file=str(tmp_path / 'list.txt'),
                    data_prefix=dict(img='images', mask='masks'))
    info = dataset.get_data_info(0)
    assert [o['object_id'] for o in info['objects']] == [1, 2]
    assert info['annotated_frames'] == [0]
    assert len(info['img_paths']) == 4
    assert [s is None for s in info['objects'][0]['segmentations']] == [False, True, True, True]
