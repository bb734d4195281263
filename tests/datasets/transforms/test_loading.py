import pickle

import cv2
import numpy as np
import pytest
import torch

from ausm_mm.datasets import DataError, DAVISDataset, YouTubeVISDataset
from ausm_mm.datasets.transforms import FrameSequence, LazyFrames, LoadClipFrames, LoadClipMasks


@pytest.fixture
def ytvis_info(tiny_ytvis):
    dataset = YouTubeVISDataset(
        data_root=str(tiny_ytvis), ann_file='ann.json', data_prefix=dict(img='images'))
    return dataset.get_data_info(0)


@pytest.fixture
def davis_info(tiny_davis):
    dataset = DAVISDataset(
        data_root=str(tiny_davis), ann_file='list.txt', data_prefix=dict(img='img', mask='mask'))
    return dataset.get_data_info(0)


def test_frames_in_the_order_asked_for(ytvis_info):
    results = LoadClipFrames()(dict(ytvis_info, frame_ids=[2, 0, 2]))
    assert results['frames'].shape == (3, 4, 6, 3) and results['frames'].dtype == np.uint8
    assert results['frames'][:, 0, 0, 0].tolist() == [20, 0, 20]
    assert results['ori_shape'] == results['img_shape'] == (4, 6)


def test_frames_and_masks_are_loaded_at_the_chosen_size(ytvis_info, davis_info):
    for info, frame_ids in ((ytvis_info, [2, 1, 2]), (davis_info, [0, 2, 3])):
        info.update(frame_ids=frame_ids)
        stored = LoadClipMasks()(LoadClipFrames()(dict(info)))
        large = LoadClipMasks()(LoadClipFrames()(dict(info, img_shape=(8, 18))))
        assert large['ori_shape'] == (4, 6) and large['img_shape'] == (8, 18)
        np.testing.assert_array_equal(
            large['masks'], stored['masks'].repeat(2, axis=2).repeat(3, axis=3))
        assert large['frames'].shape == (3, 8, 18, 3)
        assert (large['frames'][:, 0, 0] == stored['frames'][:, 0, 0]).all()


def test_objects_that_no_chosen_frame_has_are_left_out(ytvis_info):
    results = LoadClipMasks()(dict(ytvis_info, frame_ids=[1, 1]))
    assert results['object_ids'].tolist() == [12] and results['masks'].shape == (1, 2, 4, 6)


def test_masks_of_rles_and_polygons(ytvis_info):
    results = LoadClipMasks()(dict(ytvis_info, frame_ids=[2, 1, 2]))
    corner, box = np.zeros((4, 6), bool), np.zeros((4, 6), bool)
    corner[0:2, 0:2] = True
    box[1:4, 2:6] = True
    empty = np.zeros((4, 6), bool)
    assert results['masks'].dtype == bool
    np.testing.assert_array_equal(results['masks'], [[corner, empty, corner], [empty, box, empty]])
    assert results['labels'].tolist() == [1, 0]
    assert results['object_ids'].tolist() == [11, 12]


def test_masks_of_pngs(davis_info):
    results = LoadClipMasks()(dict(davis_info, frame_ids=[0, 1, 2, 3]))
    expected = np.zeros((2, 4, 4, 6), bool)  # objects 1 and 4
    expected[0, 0, 0, 0:2] = expected[0, 2, 1, 0:3] = expected[1, 2, 2, 0:3] = True
    np.testing.assert_array_equal(results['masks'], expected)


def test_masks_of_a_video_without_objects(ytvis_info):
    results = LoadClipMasks()(dict(ytvis_info, objects=[], frame_ids=[0, 1]))
    assert results['masks'].shape == (0, 2, 4, 6)
    assert results['labels'].shape == results['object_ids'].shape == (0, )


def test_frame_of_another_size(ytvis_info):
    ytvis_info['width'] = 7
    for transform in (LoadClipFrames(), lambda r: LazyFrames()(r)['frames'][0]):
        with pytest.raises(DataError, match=r'one/0.png: the frame is 6 x 4 .* its video 7 x 4'):
            transform(dict(ytvis_info, frame_ids=[0]))


def test_missing_frame(ytvis_info):
    ytvis_info['img_paths'][1] += 'x'
    with pytest.raises(DataError, match='one/1.pngx: cannot be read'):
        LoadClipFrames()(dict(ytvis_info, frame_ids=[0, 1]))
    frames = LazyFrames()(ytvis_info)['frames']  # read on access
    assert frames[0].shape == (3, 4, 6)
    with pytest.raises(DataError, match='one/1.pngx: cannot be read'):
        frames[1]


def test_mask_that_vanished_or_broke_names_the_video(ytvis_info, davis_info, tiny_davis):
    (tiny_davis / 'mask/late/00002.png').unlink()
    with pytest.raises(DataError, match='list.txt: video late: .*00002.png: cannot be read'):
        LoadClipMasks()(dict(davis_info, frame_ids=[2]))
    ytvis_info['objects'][0]['segmentations'][0] = dict(size=[4, 6], counts='##~~oo')
    with pytest.raises(DataError, match='ann.json: video one: object 11, frame 0: an RLE'):
        LoadClipMasks()(dict(ytvis_info, frame_ids=[0]))


def test_frame_sequence(ytvis_info):
    results = LazyFrames()(ytvis_info)
    frames = results['frames']
    assert results['frame_ids'] == [0, 1, 2]
    assert len(frames) == 3
    assert frames[1].dtype == torch.uint8 and frames[1].shape == (3, 4, 6)
    assert [int(frame.unique()) for frame in frames] == [0, 10, 20]  # iterates, and ends
    assert torch.equal(frames[-1], frames[2])
    assert torch.equal(pickle.loads(pickle.dumps(frames))[2], frames[2])


def test_frame_sequence_is_bgr_and_resized(tmp_path, write_image):
    image = np.random.RandomState(0).randint(0, 256, (8, 12, 3), np.uint8)
    write_image(tmp_path / 'a.png', image)
    frames = FrameSequence([str(tmp_path / 'a.png')], (8, 12), (4, 6))
    expected = cv2.resize(image, (6, 4)).transpose(2, 0, 1)
    np.testing.assert_array_equal(frames[0].numpy(), expected)


def test_lazy_frames_resize(ytvis_info):
    assert LazyFrames(short_side=8)(dict(ytvis_info))['img_shape'] == (8, 12)
    results = LazyFrames(short_side=8, max_long_side=9)(dict(ytvis_info))
    assert results['img_shape'] == (6, 9) and results['ori_shape'] == (4, 6)
    assert results['frames'][0].shape == (3, 6, 9)
