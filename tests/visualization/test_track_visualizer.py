import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils

from ausm_mm.registry import VISUALIZERS
from ausm_mm.structures import Track
from ausm_mm.visualization import ImageFiles, TrackVisualizer, object_color


def rle(x0, size=(32, 48)):
    mask = np.zeros(size, np.uint8)
    mask[10:30, x0:x0 + 15] = 1
    return mask_utils.encode(np.asfortranarray(mask))


def frames(n_frames):
    return [np.full((32, 48, 3), 60 + t, np.uint8) for t in range(n_frames)]


def read(path):
    capture = cv2.VideoCapture(str(path))
    images = []
    while (read := capture.read())[0]:
        images.append(read[1])
    return images


def test_writes_video_and_sheet(tmp_path):
    visualizer = VISUALIZERS.build(dict(type='TrackVisualizer', n_columns=3))
    modes = {
        'unprompted': [Track(2, 1, .8, [rle(t) for t in range(7)])],
        'prompted': [Track(2, 0, 1., [None] * 3 + [rle(20)] * 4)],
    }
    video, sheet = visualizer.write(str(tmp_path / 'show'), 'clip', frames(7), modes, ('a', 'b'))
    assert (video, sheet) == (tmp_path / 'show/clip.mp4', tmp_path / 'show/clip.png')
    images = read(video)
    assert len(images) == 7
    assert images[0].shape == (24 + 288, 3 * (432 + 2), 3)  # input and two modes side by side
    page = cv2.imread(str(sheet))
    assert page.shape[1] > 3 * 264 and page.shape[0] > 3 * 176
    # The object has the colour of its id on the sheet, in both modes.
    exact = (page == np.array(object_color(2))).all(axis=2)
    thirds = np.array_split(exact, 3)
    assert not thirds[0].any() and thirds[1].any() and thirds[2].any()


@pytest.mark.parametrize('n_modes, shape', [(0, (312, 434)), (3, (624, 868)), (4, (624, 1302))])
def test_panels_are_tiled(tmp_path, n_modes, shape):
    modes = {f'mode {i}': [] for i in range(n_modes)}
    video, sheet = TrackVisualizer().write(str(tmp_path), 'one', frames(1), modes, ())
    assert [image.shape[:2] for image in read(video)] == [shape]
    assert cv2.imread(str(sheet)) is not None


def test_bad_input_writes_nothing(tmp_path):
    visualizer = TrackVisualizer()
    small = Track(5, 0, 1., [None, rle(0, (16, 24))])
    with pytest.raises(ValueError, match=r'Object 5 of clip \(prompted\).*\[16, 24\] in frame 1.*'
                       r'\[32, 48\]'):
        visualizer.write(str(tmp_path), 'clip', frames(2), {'prompted': [small]}, ('a',))
    with pytest.raises(ValueError, match='Object 5 of clip .* has 2 masks.*3 frames'):
        visualizer.write(str(tmp_path), 'clip', frames(3), {'prompted': [small]}, ('a',))
    with pytest.raises(ValueError, match='clip has no frame'):
        visualizer.write(str(tmp_path), 'clip', [], {}, ('a',))
    with pytest.raises(ValueError, match='missing.jpg'):
        visualizer.write(str(tmp_path), 'clip', ImageFiles([str(tmp_path / 'missing.jpg')]), {}, ())
    assert list(tmp_path.iterdir()) == []


def test_real_sequence(tmp_path, shared_data):
    """Frames at 240 lines, masks 0 / 255."""
    root = shared_data('davis2016-240p')
    paths = sorted(root.glob('JPEGImages/240p/blackswan/*.jpg'))[:4]
    masks = [
        cv2.imread(str(root / f'Annotations/240p/blackswan/{path.stem}.png'), 0) > 127
        for path in paths
    ]
    truth = Track(1, 0, 1., [mask_utils.encode(np.asfortranarray(m, np.uint8)) for m in masks])
    video, _ = TrackVisualizer().write(
        str(tmp_path), 'blackswan', ImageFiles([str(p) for p in paths]), {'ground truth': [truth]},
        ('object',))
    image = read(video)[0]
    panel = image[24:, image.shape[1] // 2:image.shape[1] // 2 + 512]
    mask = cv2.resize(masks[0].astype(np.uint8), panel.shape[1::-1]) > 0
    red = panel[..., 2].astype(int) - panel[..., 1]
    assert red[mask].mean() > red[~mask].mean() + 50  # object 1 is red
