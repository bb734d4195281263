import cv2
import numpy as np
import pytest

from ausm_mm.visualization import write_png, write_video


def images(n_frames, shape=(48, 64, 3)):
    for t in range(n_frames):
        yield np.full(shape, 10 * t, np.uint8)


def files(folder):
    return sorted(path.name for path in folder.rglob('*') if path.is_file())


@pytest.mark.parametrize('n_frames', [1, 12])
def test_video_can_be_read_again(tmp_path, n_frames):
    path = tmp_path / 'new' / 'clip.mp4'
    write_video(path, images(n_frames), fps=5)
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == 5
    for t in range(n_frames):
        ok, frame = capture.read()
        assert ok and frame.shape == (48, 64, 3)
        assert abs(frame.mean() - 10 * t) < 4
    assert not capture.read()[0]
    assert files(tmp_path) == ['clip.mp4']


@pytest.mark.parametrize('bad, message', [
    ([], 'no frame'),
    (list(images(1, (47, 64, 3))), '64 x 47 pixels.*even'),
    ([*images(1), *images(1, (50, 64, 3))], r'Frame 1 of clip.mp4 is \(50, 64, 3\)'),
])
def test_bad_images_leave_nothing_behind(tmp_path, bad, message):
    (tmp_path / 'clip.mp4').write_bytes(b'an earlier video')
    with pytest.raises(ValueError, match=message):
        write_video(tmp_path / 'clip.mp4', bad, fps=5)
    assert files(tmp_path) == ['clip.mp4']
    assert (tmp_path / 'clip.mp4').read_bytes() == b'an earlier video'


def test_failing_source_leaves_nothing_behind(tmp_path):
    def broken():
        yield from images(2)
        raise OSError('frame 2 is missing')

    with pytest.raises(OSError, match='frame 2 is missing'):
        write_video(tmp_path / 'clip.mp4', broken(), fps=5)
    assert files(tmp_path) == []


def test_missing_codec_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr('ausm_mm.visualization.video_writer.CODEC', 'none')
    with pytest.raises(OSError, match='clip.mp4 with the codec none.*opencv-python'):
        write_video(tmp_path / 'clip.mp4', images(2), fps=5)
    assert files(tmp_path) == []


def test_incomplete_video_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr('ausm_mm.visualization.video_writer._count_frames', lambda path: 1)
    with pytest.raises(OSError, match='only 1 of 2 written frames'):
        write_video(tmp_path / 'clip.mp4', images(2), fps=5)
    assert files(tmp_path) == []


def test_png(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    write_png(tmp_path / 'new' / 'a.png', image)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'new' / 'a.png')), image)
    assert files(tmp_path) == ['a.png']
