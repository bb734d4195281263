import numpy as np
import pytest

from ausm_mm.datasets.transforms import ClipCrop, ClipFlip, ClipResize, ClipScaleJitter


def clip(num_frames=2, height=8, width=12, num_objects=2, seed=0):
    """Frames whose first channel is the row and second the column; random masks."""
    rows, columns = np.mgrid[:height, :width]
    frame = np.stack([rows, columns, 0 * rows], axis=2).astype(np.uint8)
    masks = np.random.RandomState(seed).rand(num_objects, num_frames, height, width) < 0.1
    return dict(frames=np.stack([frame] * num_frames), masks=masks, img_shape=(height, width))


def test_resize_to_a_fixed_size():
    results = ClipResize(size=(16, 6))(clip())
    assert results['frames'].shape == (2, 16, 6, 3)
    assert results['masks'].shape == (2, 2, 16, 6) and results['masks'].dtype == bool
    assert results['img_shape'] == (16, 6)


def test_resize_by_an_integer_factor_repeats_mask_pixels():
    before = clip()
    after = ClipResize(short_side=24)(dict(before))
    assert after['img_shape'] == (24, 36)
    np.testing.assert_array_equal(
        after['masks'], before['masks'].repeat(3, axis=2).repeat(3, axis=3))


def test_downscaled_mask_samples_pixel_centres():
    before = clip(height=9, width=15)
    after = ClipResize(size=(3, 5))(dict(before))
    np.testing.assert_array_equal(after['masks'], before['masks'][:, :, 1::3, 1::3])
    # The frame's centre of mass stays: no shift by a fraction of a pixel.
    assert after['frames'][0, :, 0, 0].tolist() == [1, 4, 7]


def test_resize_draws_a_short_side_and_respects_the_long_one():
    np.random.seed(0)
    shapes = {ClipResize(short_side=[4, 16])(clip())['img_shape'] for _ in range(20)}
    assert shapes == {(4, 6), (16, 24)}
    assert ClipResize(short_side=16, max_long_side=18)(clip())['img_shape'] == (12, 18)


def test_resize_without_masks_objects_or_need():
    results = clip()
    del results['masks']
    assert 'masks' not in ClipResize(size=(4, 4))(results)
    assert ClipResize(size=(4, 4))(clip(num_objects=0))['masks'].shape == (0, 2, 4, 4)
    before = clip()
    assert ClipResize(size=(8, 12))(dict(before))['frames'] is before['frames']


@pytest.mark.parametrize('options', [dict(), dict(size=(2, 2), short_side=2)])
def test_resize_bad_options(options):
    with pytest.raises(ValueError, match='either size or short_side'):
        ClipResize(**options)


@pytest.mark.parametrize('num_objects', [1, 8, 9])
def test_resize_keeps_objects_apart(num_objects):
    before = clip(num_objects=num_objects)
    after = ClipResize(size=(16, 24))(dict(before))
    np.testing.assert_array_equal(
        after['masks'], before['masks'].repeat(2, axis=2).repeat(2, axis=3))


def test_resize_before_loading_only_chooses_the_size():
    results = ClipResize(short_side=12)(dict(height=8, width=12))
    assert results == dict(height=8, width=12, img_shape=(12, 18))
    assert ClipResize(short_side=4)(results)['img_shape'] == (4, 6)


def test_scale_jitter_draws_the_scale_that_fits_into_the_size():
    np.random.seed(0)
    shapes = [ClipScaleJitter((16, 48), scales=(0.5, 2.))(dict(height=8, width=12))['img_shape']
              for _ in range(300)]
    heights = [height for height, _ in shapes]  # at scale 1, 16 x 24 fits into 16 x 48
    assert (min(heights), max(heights)) == (8, 32)
    assert all(abs(width - 1.5 * height) <= 1 for height, width in shapes)
    assert ClipScaleJitter((16, 48), scales=(1., 1.))(clip())['frames'].shape == (2, 16, 24, 3)


@pytest.mark.parametrize('scales', [(0, 1), (2, 1)])
def test_scale_jitter_bad_scales(scales):
    with pytest.raises(ValueError, match='ClipScaleJitter needs 0 < scales'):
        ClipScaleJitter((16, 16), scales)


def test_crop_cuts_frames_and_masks_alike():
    np.random.seed(0)
    for _ in range(50):
        before = clip()
        after = ClipCrop(size=(5, 4))(dict(before))
        top, left = after['frames'][0, 0, 0, :2]
        assert after['img_shape'] == after['frames'].shape[1:3] == (5, 4)
        np.testing.assert_array_equal(
            after['frames'], before['frames'][:, top:top + 5, left:left + 4])
        np.testing.assert_array_equal(
            after['masks'], before['masks'][:, :, top:top + 5, left:left + 4])


@pytest.mark.parametrize('pixel', [(0, 0), (7, 11), (3, 5), (0, 11)])
def test_crop_holds_the_only_object_pixel(pixel):
    np.random.seed(0)
    corners = set()
    for _ in range(300):
        results = clip()
        results['masks'][:] = False
        results['masks'][1, 0][pixel] = True
        after = ClipCrop(size=(3, 4))(results)
        assert after['masks'].sum() == 1
        corners.add(tuple(after['frames'][0, 0, 0, :2].tolist()))
    # Every window that holds the pixel occurs.
    assert corners == {(y, x) for y in range(6) for x in range(9)
                       if 0 <= pixel[0] - y < 3 and 0 <= pixel[1] - x < 4}


@pytest.mark.parametrize('num_objects', [0, 2])
def test_crop_without_a_visible_object_goes_anywhere(num_objects):
    np.random.seed(0)
    corners = set()
    for _ in range(100):
        results = clip(num_objects=num_objects)
        results['masks'][:] = False
        after = ClipCrop(size=(7, 10))(results)
        corners.add(tuple(after['frames'][0, 0, 0, :2].tolist()))
    assert corners == {(y, x) for y in (0, 1) for x in (0, 1, 2)}


def test_crop_larger_than_the_frame_keeps_the_side():
    after = ClipCrop(size=(20, 6))(clip())
    assert after['img_shape'] == (8, 6)
    assert ClipCrop(size=(20, 20))(clip())['img_shape'] == (8, 12)


def test_flip():
    before = clip()
    after = ClipFlip(prob=1.)(dict(before))
    assert after['frames'][0, 0, :, 1].tolist() == list(range(11, -1, -1))
    np.testing.assert_array_equal(after['masks'], before['masks'][..., ::-1])
    np.testing.assert_array_equal(ClipFlip(prob=0.)(dict(before))['frames'], before['frames'])


def test_transforms_work_in_any_order():
    np.random.seed(0)
    results = clip()
    for transform in (ClipFlip(1.), ClipResize(short_side=16), ClipCrop((12, 12)), ClipFlip(1.),
                      ClipResize(size=(6, 6))):
        results = transform(results)
    assert results['frames'].shape == (2, 6, 6, 3) and results['masks'].shape == (2, 2, 6, 6)
