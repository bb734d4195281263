import numpy as np
import pytest

from ausm_mm.datasets.transforms import ClipColorJitter


def frames():
    return np.random.RandomState(0).randint(40, 160, (2, 4, 6, 3), np.uint8)


def jitter(image, monkeypatch, **factors):
    """Applies given factors instead of random ones."""
    draws = iter([factors.get(name, 1.) for name in ('brightness', 'contrast', 'saturation')])
    monkeypatch.setattr(np.random, 'uniform', lambda low, high: next(draws))
    return ClipColorJitter()(dict(frames=image))['frames']


def luma(image):
    return image @ np.array([0.114, 0.587, 0.299])


def test_factors_of_one_change_nothing(monkeypatch):
    np.testing.assert_array_equal(jitter(frames(), monkeypatch), frames())


def test_brightness_scales_and_clips(monkeypatch):
    expected = np.clip(np.rint(frames() * 1.75), 0, 255)
    result = jitter(frames(), monkeypatch, brightness=1.75)
    np.testing.assert_allclose(result, expected, atol=1)
    assert result.max() == 255 and result.dtype == np.uint8


def test_contrast_zero_is_the_mean_grey_of_the_clip(monkeypatch):
    result = jitter(frames(), monkeypatch, contrast=0.)
    assert np.ptp(result) == 0
    assert result.flat[0] == pytest.approx(luma(frames()).mean(), abs=1)


def test_saturation_zero_is_grey(monkeypatch):
    result = jitter(frames(), monkeypatch, saturation=0.)
    np.testing.assert_allclose(result, np.repeat(luma(frames())[..., None], 3, axis=3), atol=1)


def test_strengths_bound_the_factors():
    np.random.seed(0)
    bright = [ClipColorJitter(0.5, 0, 0)(dict(frames=np.full((1, 1, 1, 3), 100, np.uint8)))
              ['frames'].flat[0] for _ in range(300)]
    assert 50 <= min(bright) < 60 and 140 < max(bright) <= 150
    np.testing.assert_array_equal(ClipColorJitter(0, 0, 0)(dict(frames=frames()))['frames'],
                                  frames())


def test_all_frames_get_the_same_change():
    same = np.repeat(frames()[:1], 3, axis=0)
    result = ClipColorJitter()(dict(frames=same))['frames']
    np.testing.assert_array_equal(result, np.repeat(result[:1], 3, axis=0))


def test_per_frame_every_frame_gets_its_own_change():
    np.random.seed(0)
    same = np.repeat(frames()[:1], 4, axis=0)
    result = ClipColorJitter(per_frame=True)(dict(frames=same))['frames']
    assert len({frame.tobytes() for frame in result}) == 4
