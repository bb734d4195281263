import cv2
import numpy as np
import pytest
from PIL import Image

from ausm_mm.datasets.errors import DataError
from ausm_mm.datasets.images import frame_size, read_frame, resize_frame, resized_shape


def _noise(height=12, width=16):
    return np.random.RandomState(0).randint(0, 256, (height, width, 3), np.uint8)


def test_png_frame_is_read_exactly_in_bgr(tmp_path, write_image):
    image = _noise()
    write_image(tmp_path / 'a.png', image)
    np.testing.assert_array_equal(read_frame(str(tmp_path / 'a.png')), image)


@pytest.mark.parametrize('suffix', ['.bmp', '.webp'])
def test_other_formats_are_read_in_bgr(tmp_path, suffix, write_image):
    blue = np.zeros((12, 16, 3), np.uint8)
    blue[..., 0] = 200
    write_image(tmp_path / f'a{suffix}', blue)
    frame = read_frame(str(tmp_path / f'a{suffix}')).astype(int)
    assert frame.shape == (12, 16, 3)
    assert abs(frame - blue).max() <= 12  # webp is lossy


def test_grey_jpeg_gets_three_channels(tmp_path, write_image):
    write_image(tmp_path / 'a.jpg', np.full((12, 16), 90, np.uint8))
    np.testing.assert_array_equal(read_frame(str(tmp_path / 'a.jpg')), np.full((12, 16, 3), 90))


def test_exif_rotation_is_ignored(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown rotated by 90 degrees
    Image.fromarray(_noise()).save(tmp_path / 'a.jpg', exif=exif)
    assert read_frame(str(tmp_path / 'a.jpg')).shape == (12, 16, 3)
    assert frame_size(str(tmp_path / 'a.jpg')) == (12, 16)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_truncated_file_is_refused(tmp_path, suffix, write_image):
    path = tmp_path / f'a{suffix}'
    write_image(path, _noise(64, 64))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match=f'a{suffix}: is not a readable image .*extract it again'):
        read_frame(str(path))


def test_jpeg_with_trailing_bytes_is_fine(tmp_path, write_image):
    path = tmp_path / 'a.jpg'
    write_image(path, _noise())
    expected = read_frame(str(path))
    path.write_bytes(path.read_bytes() + b'\0' * 100)
    np.testing.assert_array_equal(read_frame(str(path)), expected)


@pytest.mark.parametrize('content', [b'', b'no image', b'\xff\xd8 no image \xff\xd9'])
def test_file_that_is_no_image(tmp_path, content):
    path = tmp_path / 'a.jpg'
    path.write_bytes(content)
    for read in (read_frame, frame_size):
        with pytest.raises(DataError, match=r'a.jpg: is not a readable image \(of no known'):
            read(str(path))


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match='a.jpg: cannot be read .*data_prefix'):
        read_frame(str(tmp_path / 'a.jpg'))
    with pytest.raises(DataError, match='a.jpg: is not a readable image'):
        frame_size(str(tmp_path / 'a.jpg'))


@pytest.mark.parametrize('arguments, expected', [
    ((480, 854, 240), (240, 427)),
    ((854, 480, 240), (427, 240)),
    ((100, 300, 200), (200, 600)),
    ((100, 300, 200, 450), (150, 450)),
    ((100, 300, 200, 600), (200, 600)),
    ((1, 1000, 1, 100), (1, 100)),
])
def test_resized_shape(arguments, expected):
    assert resized_shape(*arguments) == expected


def test_resize_frame_is_bilinear():
    frame = _noise()
    assert resize_frame(frame, 12, 16) is frame
    np.testing.assert_array_equal(
        resize_frame(frame, 6, 8), cv2.resize(frame, (8, 6), interpolation=cv2.INTER_LINEAR))
