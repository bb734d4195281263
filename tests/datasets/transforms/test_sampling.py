import numpy as np
import pytest

from ausm_mm.datasets.transforms import SampleClip


def video(num_frames, visible=(), annotated=None):
    segmentations = [{} if t in visible else None for t in range(num_frames)]
    return dict(
        img_paths=[''] * num_frames,
        annotated_frames=list(range(num_frames)) if annotated is None else annotated,
        objects=[dict(segmentations=segmentations)])


def samples(transform, info, count=200):
    np.random.seed(0)
    return [tuple(transform(dict(info))['frame_ids']) for _ in range(count)]


def test_every_window_occurs_and_nothing_else():
    found = set(samples(SampleClip(3), video(6, visible=range(6))))
    assert found == {(0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5)}


def test_strides():
    found = set(samples(SampleClip(3, strides=(2, 3)), video(8, visible=range(8)), 400))
    assert found == {(s, s + d, s + 2 * d) for d in (2, 3) for s in range(8 - 2 * d)}


def test_stride_is_lowered_to_what_fits():
    assert set(samples(SampleClip(3, strides=(4, 9)), video(6, visible=range(6)))) == {
        (0, 2, 4), (1, 3, 5)}
    assert set(samples(SampleClip(6, strides=(2, 2)), video(6, visible=range(6)))) == {
        (0, 1, 2, 3, 4, 5)}


def test_clip_holds_a_visible_frame():
    found = set(samples(SampleClip(2), video(20, visible=[0, 9])))
    assert found == {(0, 1), (8, 9), (9, 10)}


def test_stride_is_lowered_until_a_clip_holds_the_visible_frame():
    # At stride 3 the clips are (0, 3, 6) and (1, 4, 7).
    found = set(samples(SampleClip(3, strides=(3, 3)), video(8, visible=[2])))
    assert found == {(0, 2, 4), (2, 4, 6)}


def test_only_annotated_frames_are_used():
    info = video(21, visible=[5, 10], annotated=[0, 5, 10, 15, 20])
    assert set(samples(SampleClip(3), info)) == {(0, 5, 10), (5, 10, 15), (10, 15, 20)}


def test_without_any_object_all_windows_occur():
    assert set(samples(SampleClip(2), video(4))) == {(0, 1), (1, 2), (2, 3)}
    assert set(samples(SampleClip(2), dict(video(4), objects=[]))) == {(0, 1), (1, 2), (2, 3)}


def test_short_video_is_played_forth_and_back():
    assert set(samples(SampleClip(8), video(3, visible=[1]))) == {(0, 1, 2, 1, 0, 1, 2, 1)}
    assert set(samples(SampleClip(4), video(2, visible=[1]))) == {(0, 1, 0, 1)}
    assert set(samples(SampleClip(3), video(1, visible=[0]))) == {(0, 0, 0)}


def test_single_frames():
    assert set(samples(SampleClip(1, strides=(1, 3)), video(4, visible=[1, 2]))) == {(1, ), (2, )}
    assert set(samples(SampleClip(1), video(1, visible=[0]))) == {(0, )}


def test_reverse():
    info = video(3, visible=range(3))
    assert set(samples(SampleClip(3, reverse_prob=1.), info)) == {(2, 1, 0)}
    found = samples(SampleClip(3, reverse_prob=0.5), info)
    assert 70 < found.count((2, 1, 0)) < 130


@pytest.mark.parametrize('options', [
    dict(length=0), dict(length=2, strides=(0, 1)), dict(length=2, strides=(3, 2))])
def test_bad_options(options):
    with pytest.raises(ValueError, match='SampleClip needs'):
        SampleClip(**options)
