import numpy as np
import pytest

from ausm_mm.datasets import COCOVideoDataset
from ausm_mm.datasets.transforms import PseudoVideo
from ausm_mm.datasets.transforms.pseudo_video import random_pixel
from ausm_mm.errors import UserError


def image_item(height=24, width=40, num_objects=3, seed=0):
    """A smooth image whose first channel is 5 times the column; boxes as masks."""
    rows, columns = np.mgrid[:height, :width]
    frame = np.stack([5 * columns, 5 * rows, 0 * rows], axis=2).astype(np.uint8)
    masks = np.zeros((num_objects, 1, height, width), bool)
    random = np.random.RandomState(seed)
    for mask in masks:
        y, x = random.randint(0, height - 6), random.randint(0, width - 8)
        mask[0, y:y + 6, x:x + 8] = True
    return dict(frames=frame[None], masks=masks, frame_ids=[0], img_shape=(height, width),
                video_name='picture')


def still(**options):
    """The transform without any change but those asked for."""
    return PseudoVideo(**dict(dict(length=2, scales=(1, 1), max_angle=0, flip_prob=0), **options))


def test_nothing_to_change_repeats_the_image():
    before = image_item()
    after = still(size=(24, 40))(image_item())
    np.testing.assert_array_equal(after['frames'], before['frames'].repeat(2, axis=0))
    np.testing.assert_array_equal(after['masks'], before['masks'].repeat(2, axis=1))
    assert after['frame_ids'] == [0, 0] and after['img_shape'] == (24, 40)


@pytest.mark.parametrize('num_objects', [1, 8, 9, 17])
def test_flip_keeps_every_object_at_its_place(num_objects):
    before = image_item(num_objects=num_objects)
    after = still(size=(24, 40), flip_prob=1)(image_item(num_objects=num_objects))
    np.testing.assert_array_equal(after['frames'][0], before['frames'][0, :, ::-1])
    np.testing.assert_array_equal(after['masks'][:, 1], before['masks'][:, 0, :, ::-1])


def test_enlarging_by_two_repeats_mask_pixels():
    before = image_item()
    after = still(size=(48, 80))(image_item())
    np.testing.assert_array_equal(
        after['masks'][:, 0], before['masks'][:, 0].repeat(2, axis=1).repeat(2, axis=2))


def test_half_a_turn_mirrors_both_axes(monkeypatch):
    before = image_item()
    draws = iter([1., 180.])  # scale, angle
    monkeypatch.setattr(np.random, 'uniform', lambda low, high: next(draws, low))
    after = still(size=(24, 40), length=1)(image_item())
    np.testing.assert_array_equal(after['masks'], before['masks'][..., ::-1, ::-1])
    np.testing.assert_allclose(after['frames'].astype(int),
                               before['frames'][:, ::-1, ::-1].astype(int), atol=1)


def test_crop_cuts_image_and_masks_alike():
    np.random.seed(0)
    lefts = set()
    for seed in range(30):
        before = image_item(seed=seed)
        after = still(size=(12, 20), scales=(2, 2), length=1)(image_item(seed=seed))
        # To a fraction of a pixel, the first channel tells where a pixel comes from.
        column = np.rint(after['frames'][0, 0, :, 0] / 5).astype(int)
        row = np.rint(after['frames'][0, :, 0, 1] / 5).astype(int)
        lefts.add(column[0])
        agree = after['masks'][:, 0] == before['masks'][:, 0][:, row][:, :, column]
        assert agree.mean() > 0.9  # rounding may differ along the edges
        assert after['masks'].any()
    assert len(lefts) > 5


def test_frames_are_drawn_independently_and_each_has_an_object():
    np.random.seed(0)
    transform = PseudoVideo(length=16, size=(16, 16), scales=(2, 4), max_angle=30)
    after = transform(image_item())
    assert len({frame.tobytes() for frame in after['frames']}) == 16
    seen = after['masks'].any(axis=(2, 3))  # (N, T)
    assert seen.any(axis=0).all()
    assert not seen.all()  # windows this small lose objects: those are absent there


def test_smaller_than_the_frame_is_filled_with_the_mean_colour():
    np.random.seed(0)
    after = still(size=(24, 40), scales=(0.5, 0.5), length=1)(image_item())
    filled = (after['frames'][0] == (104, 116, 124)).all(axis=2)
    assert filled.sum() == pytest.approx(24 * 40 * 3 / 4, rel=0.1)
    assert not after['masks'][:, 0, filled].any()


def test_image_without_a_visible_object():
    after = still(size=(8, 8))(image_item(num_objects=0))
    assert after['masks'].shape == (0, 2, 8, 8)
    assert random_pixel(np.zeros((2, 3, 3), bool)) is None


@pytest.mark.parametrize('options', [dict(length=0), dict(scales=(2, 1)), dict(scales=(0, 1))])
def test_bad_options(options):
    with pytest.raises(UserError, match='PseudoVideo needs'):
        still(**dict(dict(size=(8, 8)), **options))


def test_clips_are_refused():
    item = image_item()
    item['frames'] = item['frames'].repeat(2, axis=0)
    with pytest.raises(UserError, match='picture came with 2; use SampleClip'):
        still(size=(8, 8))(item)


def test_real_images_become_clips(shared_data):
    np.random.seed(0)
    dataset = COCOVideoDataset(
        data_root=str(shared_data / 'coco-mini'), ann_file='annotations.json',
        data_prefix=dict(img='images'), pipeline=[
            dict(type='SampleClip', length=1), dict(type='LoadClipFrames'),
            dict(type='LoadClipMasks'), dict(type='PseudoVideo', length=3, size=(240, 320)),
            dict(type='ClipColorJitter', per_frame=True), dict(type='PackClip')])
    for item in dataset:
        instances = item['data_samples'].gt_instances
        assert item['inputs'].shape == (3, 3, 240, 320)
        assert instances.masks.shape[1:] == (3, 240, 320)
        assert instances.masks.any(dim=0).any(dim=2).any(dim=1).all()
        assert item['data_samples'].dataset_name == 'coco'
        assert len(set(instances.object_ids.tolist())) == len(instances)
