"""Data for the tests of ``ausm_mm.datasets``."""
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from PIL import Image

from ausm_mm.datasets.synthetic import SyntheticOptions, write_synthetic


@pytest.fixture(autouse=True)
def default_scope():
    init_default_scope('ausm_mm')


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory, monkeypatch) -> Path:
    """An own folder for the index of masks."""
    folder = tmp_path_factory.mktemp('cache')
    monkeypatch.setenv('XDG_CACHE_HOME', str(folder))
    return folder


@pytest.fixture
def shared_data() -> Path:
    """Folder of real data; the test is skipped where it is absent."""
    default = Path(__file__).parents[2] / '../shared/data'
    folder = Path(os.environ.get('AUSM_SHARED_DATA', default)).resolve()
    if not folder.is_dir():
        pytest.skip(f'no real data at {folder} (AUSM_SHARED_DATA)')
    return folder


@pytest.fixture(scope='session')
def synthetic_options() -> SyntheticOptions:
    """The default set with fewer training clips: val and test are exactly the default's."""
    return SyntheticOptions(num_train=24)


@pytest.fixture(scope='session')
def synthetic_root(tmp_path_factory, synthetic_options) -> Path:
    out = tmp_path_factory.mktemp('data') / 'synthetic'
    write_synthetic(out, synthetic_options)
    return out


def _write_image(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def _write_palette(path: Path, label_map: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(label_map.astype(np.uint8))
    image.putpalette([channel for i in range(256) for channel in (i, 255 - i, 7)])
    image.save(path)


@pytest.fixture
def write_image():
    """Function (path, image) that writes an image and the folders above it."""
    return _write_image


@pytest.fixture
def write_palette():
    """Function (path, label_map) that writes an indexed PNG and the folders above it."""
    return _write_palette


@pytest.fixture
def tiny_ytvis(tmp_path) -> Path:
    """Two videos of 4 x 6 (height x width) with 3 and 1 frames.

    Video 1: object 11 (class b, id 7) at rows 0-1, columns 0-1 of frames 0 and 2, as an
    uncompressed RLE; object 12 (class a, id 3), the rectangle x 2-5, y 1-3, as a polygon in frame
    1. Video 2 has no object. Frame t of a video is filled with the value 10 * t.
    """
    for name, num_frames in (('one', 3), ('two', 1)):
        for t in range(num_frames):
            _write_image(tmp_path / 'images' / name / f'{t}.png', np.full((4, 6, 3), 10 * t))
    corner = dict(size=[4, 6], counts=[0, 2, 2, 2, 18])  # column by column: 2 on, 2 off, 2 on
    content = dict(
        videos=[
            dict(id=1, name='one', height=4, width=6,
                 file_names=[f'one/{t}.png' for t in range(3)]),
            dict(id=2, name='two', height=4, width=6, file_names=['two/0.png'])
        ],
        categories=[dict(id=7, name='b'), dict(id=3, name='a')],
        annotations=[
            dict(id=11, video_id=1, category_id=7, iscrowd=0, segmentations=[corner, None, corner]),
            dict(id=12, video_id=1, category_id=3, iscrowd=0,
                 segmentations=[None, [[2, 1, 6, 1, 6, 4, 2, 4]], None])
        ])
    (tmp_path / 'ann.json').write_text(json.dumps(content))
    return tmp_path


@pytest.fixture
def tiny_davis(tmp_path) -> Path:
    """Video 'late' of 4 x 6: object 1 in frame 0, objects 1 and 4 in frame 2, frame 1 without a
    mask, frame 3 with an empty one; pixel (3, 5) of frame 0 is void."""
    for t in range(4):
        _write_image(tmp_path / f'img/late/{t:05d}.jpg', np.full((4, 6, 3), 10 * t))
    first, third = np.zeros((4, 6)), np.zeros((4, 6))
    first[0, 0:2] = 1
    first[3, 5] = 255
    third[1, 0:3], third[2, 0:3] = 1, 4
    _write_palette(tmp_path / 'mask/late/00000.png', first)
    _write_palette(tmp_path / 'mask/late/00002.png', third)
    _write_palette(tmp_path / 'mask/late/00003.png', np.zeros((4, 6)))
    (tmp_path / 'list.txt').write_text('late\n')
    return tmp_path
