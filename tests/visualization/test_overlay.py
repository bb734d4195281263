import numpy as np
import pytest
from pycocotools import mask as mask_utils

from ausm_mm.structures import Track
from ausm_mm.visualization import draw_tracks, object_color
from ausm_mm.visualization.overlay import OPACITY, _place_label, check_tracks, resize_frame

FRAME = np.full((64, 96, 3), 100, np.uint8)


def rle(y0, y1, x0, x1, size=(64, 96)):
    mask = np.zeros(size, np.uint8)
    mask[y0:y1, x0:x1] = 1
    return mask_utils.encode(np.asfortranarray(mask))


def test_resize_keeps_the_ratio_with_an_even_width():
    assert resize_frame(FRAME, 288).shape == (288, 432, 3)
    assert resize_frame(np.zeros((480, 853, 3), np.uint8), 240).shape == (240, 426, 3)
    assert resize_frame(np.zeros((100, 1, 3), np.uint8), 50).shape == (50, 2, 3)


def test_nothing_to_draw_leaves_the_frame():
    empty = rle(0, 0, 0, 0)
    for tracks in ([], [Track(1, 0, .5, [None])], [Track(1, 0, .5, [empty])]):
        drawn = draw_tracks(FRAME, tracks, 0, ['cat'], 128)
        np.testing.assert_array_equal(drawn, resize_frame(FRAME, 128))


def test_mask_is_blended_with_the_color_of_its_id():
    track = Track(4, 0, 1.0, [None, rle(20, 60, 10, 50)])
    before = FRAME.copy()
    drawn = draw_tracks(FRAME, [track], 1, ['cat'], 128)
    expected = (1 - OPACITY) * 100 + OPACITY * np.array(object_color(4))
    np.testing.assert_allclose(drawn[80, 60], expected, atol=1)  # inside, away from the label
    np.testing.assert_array_equal(drawn[80, 150], [100] * 3)  # outside
    assert (np.abs(drawn[80, 18:24] - np.array(object_color(4), float)).sum(-1) < 30).any()
    np.testing.assert_array_equal(FRAME, before)


def test_small_object_stays_visible_on_top_and_when_frames_shrink():
    large = Track(1, 0, 1.0, [rle(0, 480, 0, 640, (480, 640))])
    small = Track(2, 0, 1.0, [rle(300, 301, 400, 401, (480, 640))])
    frame = np.full((480, 640, 3), 100, np.uint8)
    alone = draw_tracks(frame, [large], 0, ['cat'], 120)
    both = draw_tracks(frame, [small, large], 0, ['cat'], 120)
    assert (both[75, 100] != alone[75, 100]).any()


def test_labels_do_not_cover_each_other_and_stay_inside():
    placed = []
    for _ in range(3):
        placed.append(_place_label((90, 2), (60, 10), placed, (100, 120)))
    assert placed == [(60, 0, 60, 10), (60, 11, 60, 10), (60, 22, 60, 10)]
    assert _place_label((5, 99), (60, 10), [], (100, 120)) == (0, 88, 60, 10)


@pytest.mark.parametrize('n_objects', [1, 100])
def test_many_objects_with_long_names_on_a_tiny_frame(n_objects):
    tracks = [Track(i, 0, .5, [rle(i % 60, i % 60 + 3, i % 90, i % 90 + 3)])
              for i in range(1, n_objects + 1)]
    drawn = draw_tracks(FRAME, tracks, 0, ['a very long class name ' * 3], 64)
    assert drawn.shape == (64, 96, 3)
    assert (drawn != resize_frame(FRAME, 64)).any()


def test_check_tracks():
    good = Track(3, 0, 1.0, [rle(0, 3, 0, 3), None])
    check_tracks([good], 2, (64, 96), 'clip')
    check_tracks([], 2, (64, 96), 'clip')
    with pytest.raises(ValueError, match='Object 3 of clip has 2 masks.*5 frames'):
        check_tracks([good], 5, (64, 96), 'clip')
    with pytest.raises(ValueError, match=r'Object 3 of clip has a mask of \[64, 96\] in frame 0.*'
                       r'\[32, 48\].*stored size'):
        check_tracks([good], 2, (32, 48), 'clip')
