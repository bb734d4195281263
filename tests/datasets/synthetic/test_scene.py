import numpy as np
import pytest

from ausm_mm.datasets.synthetic import SyntheticOptions, hidden_frames, render_clip
from ausm_mm.datasets.synthetic.scene import SUPERSAMPLE, _majority


def test_shapes_and_types():
    clip = render_clip(SyntheticOptions(), 'train', 0)
    num_frames = len(clip.frames)
    assert 16 <= num_frames <= 20
    assert clip.frames.shape == (num_frames, 64, 96, 3) and clip.frames.dtype == np.uint8
    assert clip.label_maps.shape == (num_frames, 64, 96) and clip.label_maps.dtype == np.uint8
    assert 2 <= len(clip.labels) <= 4


def test_object_ids_are_dense_and_slivers_are_gone():
    options = SyntheticOptions(min_visible=30)
    for index in range(8):
        clip = render_clip(options, 'train', index)
        counts = np.stack([np.bincount(m.ravel(), minlength=len(clip.labels) + 1)
                           for m in clip.label_maps])[:, 1:]  # (T, N)
        assert counts.shape[1] == len(clip.labels)
        assert (counts.max(axis=0) >= 30).all()
        assert not ((counts > 0) & (counts < 30)).any()


def test_min_visible_changes_nothing_but_slivers():
    plain = render_clip(SyntheticOptions(min_visible=1), 'train', 3)
    strict = render_clip(SyntheticOptions(min_visible=40), 'train', 3)
    np.testing.assert_array_equal(plain.frames, strict.frames)
    assert (strict.label_maps > 0).sum() <= (plain.label_maps > 0).sum()


def test_masks_lie_on_the_saturated_pixels():
    """The objects are colourful and the rest is grey, so that the colour tells the mask."""
    for index in range(4):
        clip = render_clip(SyntheticOptions(min_visible=1), 'val', index)
        frames = clip.frames.astype(int)
        saturated = frames.max(axis=3) - frames.min(axis=3) > 45
        masks = clip.label_maps > 0
        overlap = (saturated & masks).sum() / (saturated | masks).sum()
        assert overlap > 0.85


def test_background_drifts_by_fractions_of_a_pixel():
    clip = render_clip(SyntheticOptions(min_objects=0, max_objects=0), 'train', 1)
    assert clip.labels == [] and not clip.label_maps.any()
    first, second = clip.frames[:2].astype(int)
    assert 0 < np.abs(first - second).mean() < 10


@pytest.mark.parametrize('options', [
    dict(frames=(1, 1)), dict(frames=(2, 3)), dict(size=(32, 40)), dict(size=(40, 32)),
    dict(min_objects=0, max_objects=1), dict(min_objects=20, max_objects=20, num_classes=6)])
def test_unusual_options(options):
    options = SyntheticOptions(**options)
    for index in range(3):
        clip = render_clip(options, 'train', index)
        assert clip.frames.shape[1:3] == options.size
        assert len(clip.labels) <= options.max_objects
        assert set(np.unique(clip.label_maps)) <= set(range(len(clip.labels) + 1))


def test_majority_vote_against_a_loop():
    owner = np.random.default_rng(0).integers(0, 4, (5 * SUPERSAMPLE, 7 * SUPERSAMPLE))
    result = _majority(owner.astype(np.uint8), 3)
    for y, x in np.ndindex(5, 7):
        block = owner[SUPERSAMPLE * y:SUPERSAMPLE * (y + 1), SUPERSAMPLE * x:SUPERSAMPLE * (x + 1)]
        counts = np.bincount(block.ravel(), minlength=4)
        assert counts[result[y, x]] == counts.max()


def test_hidden_frames_by_hand():
    label_maps = np.zeros((6, 2, 2), np.uint8)
    label_maps[1, 0, 0] = 1  # object 1: born in frame 1, hidden in 2 and 5
    label_maps[3:5, 0, 0] = 1
    label_maps[0:6, 1, 1] = 2  # object 2: always there
    label_maps[5, 0, 1] = 3  # object 3: born in the last frame
    assert hidden_frames(label_maps, 3) == (2, 4 + 5 + 0)
