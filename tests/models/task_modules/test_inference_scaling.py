import pytest
import torch
import torch.nn.functional as F

from ausm_mm.errors import UserError
from ausm_mm.models.task_modules import Corner, View
from ausm_mm.registry import TASK_UTILS

UL, UR, BR, BL = (Corner(.9, bottom, right) for bottom, right in (
    (False, False), (False, True), (True, True), (True, False)))


def _views(num_frames, **strategy):
    return list(TASK_UTILS.build(strategy)(num_frames))


def _shown(views):
    return [view.frame for view in views]


def _read(views):
    """Positions in the order of showing."""
    return [i for i, view in enumerate(views) if view.read]


@pytest.mark.parametrize('passes, num_frames, shown', [
    (1, 4, [0, 1, 2, 3]),
    (2, 4, [0, 1, 2, 3, 2, 1, 0]),
    (3, 4, [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]),
    (4, 3, [0, 1, 2, 1, 0, 1, 2, 1, 0]),
    (2, 2, [0, 1, 0]),
    (3, 2, [0, 1, 0, 1]),
    (1, 1, [0]), (2, 1, [0]), (3, 1, [0]),
    (1, 0, []), (2, 0, []), (3, 0, []),
])
def test_passes(passes, num_frames, shown):
    """The last T views are read: the last pass with the frame in which it turned."""
    views = _views(num_frames, type='VideoPasses', passes=passes)
    assert _shown(views) == shown
    assert _read(views) == list(range(len(shown) - num_frames, len(shown)))
    assert sorted(view.frame for view in views if view.read) == list(range(num_frames))
    assert all(view.corner is None for view in views)


def test_one_pass_is_the_default():
    assert _views(3, type='VideoPasses') == [View(0, True), View(1, True), View(2, True)]


@pytest.mark.parametrize('times, num_frames, shown, read', [
    (1, 1, [0], [0]),
    (3, 1, [0, 0, 0], [2]),
    (2, 3, [0, 0, 1, 1, 2, 2], [1, 3, 5]),
    (2, 0, [], []),
])
def test_repetition(times, num_frames, shown, read):
    views = _views(num_frames, type='ImageRepetition', times=times)
    assert (_shown(views), _read(views)) == (shown, read)
    assert all(view.corner is None for view in views)


def test_corner_traversal_of_an_image():
    views = _views(1, type='CornerTraversal')
    assert [view.corner for view in views] == [None, UL, UR, BR, BL, None]
    assert (_shown(views), _read(views)) == ([0] * 6, [5])


def test_corner_traversal_of_a_video():
    views = _views(2, type='CornerTraversal', ratio=.5)
    assert (_shown(views), _read(views)) == ([0] * 6 + [1] * 6, [5, 11])
    assert {view.corner.ratio for view in views if view.corner} == {.5}
    assert _views(0, type='CornerTraversal') == []


@pytest.mark.parametrize('strategy, message', [
    (dict(type='VideoPasses', passes=0), 'VideoPasses: passes=0 must be a whole number from 1 on'),
    (dict(type='VideoPasses', passes=1.5), 'VideoPasses: passes=1.5 must be a whole'),
    (dict(type='ImageRepetition', times=-1), 'ImageRepetition: times=-1 must be a whole'),
    (dict(type='ImageRepetition', times='3'), "ImageRepetition: times='3' must be a whole"),
    (dict(type='CornerTraversal', ratio=0), 'CornerTraversal: ratio=0 must be above 0 and at most'),
    (dict(type='CornerTraversal', ratio=90), 'CornerTraversal: ratio=90 must be above 0'),
])
def test_wrong_settings(strategy, message):
    with pytest.raises(UserError, match=message):
        TASK_UTILS.build(strategy)


def _padded(image, canvas):
    height, width = image.shape[-2:]
    return F.pad(image, (0, canvas[1] - width, 0, canvas[0] - height))


@pytest.mark.parametrize('size, crop', [
    ((20, 40), (18, 36)), ((15, 5), (14, 4)), ((1, 1), (1, 1))])  # rounded where it has to be
@pytest.mark.parametrize('corner', [UL, UR, BR, BL])
def test_crops_fill_the_image(size, crop, corner):
    image = torch.randn(1, 3, *size)
    frame = _padded(image, (32, 48))
    before = frame.clone()
    rows = slice(size[0] - crop[0], None) if corner.bottom else slice(crop[0])
    columns = slice(size[1] - crop[1], None) if corner.right else slice(crop[1])
    expected = F.interpolate(image[..., rows, columns], size, mode='bilinear')
    assert torch.equal(View(0, corner=corner).show(frame, size), _padded(expected, (32, 48)))
    assert torch.equal(frame, before)  # the next view shows it again


def test_crops_in_pixels():
    """A ramp of 10 pixels: 9 of them stretched to 10, so that pixel i shows 0.9 i - 0.05."""
    frame = _padded(torch.arange(10.).expand(1, 3, 10, 10), (16, 16))
    left, right = (View(0, corner=corner).show(frame, (10, 10)) for corner in (UL, BR))
    expected = (.9 * torch.arange(10.) - .05).clamp(0, 8)
    torch.testing.assert_close(left[..., :10, :10], expected.expand(1, 3, 10, 10))
    torch.testing.assert_close(right[..., :10, :10], 1 + expected.expand(1, 3, 10, 10))
    assert left[..., 10:].abs().max() == 0 and left[..., 10:, :].abs().max() == 0


def test_a_view_of_the_whole_frame_is_the_frame():
    frame = torch.randn(1, 3, 16, 16)
    assert View(3, read=True).show(frame, (10, 12)) is frame


def test_tiny_crops_have_a_pixel():
    frame = torch.arange(16.).reshape(1, 1, 4, 4)
    shown = View(0, corner=Corner(.01, bottom=True, right=False)).show(frame, (4, 4))
    assert torch.equal(shown, torch.full((1, 1, 4, 4), 12.))
