import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as mask_util

from ausm_mm.datasets.errors import DataError
from ausm_mm.datasets.masks import (
    encode_mask,
    frame_masks,
    load_label_map,
    read_label_map,
)

VALUES = np.array([[0, 1, 2], [5, 0, 255]], np.uint8)


def test_palette_holds_ids_and_void(tmp_path, write_palette):
    write_palette(tmp_path / 'a.png', VALUES)
    np.testing.assert_array_equal(read_label_map(str(tmp_path / 'a.png')), [[0, 1, 2], [5, 0, 0]])


def test_grey_0_255_is_binary(tmp_path, write_image):
    write_image(tmp_path / 'a.png', np.array([[0, 255, 0]], np.uint8))
    np.testing.assert_array_equal(read_label_map(str(tmp_path / 'a.png')), [[0, 1, 0]])


def test_grey_below_255_holds_ids(tmp_path, write_image):
    write_image(tmp_path / 'a.png', np.array([[0, 1, 254]], np.uint8))
    np.testing.assert_array_equal(read_label_map(str(tmp_path / 'a.png')), [[0, 1, 254]])


def test_bilevel_image(tmp_path):
    Image.fromarray(np.array([[False, True]])).save(tmp_path / 'a.png')
    np.testing.assert_array_equal(read_label_map(str(tmp_path / 'a.png')), [[0, 1]])


def test_grey_values_in_three_channels(tmp_path, write_image):
    write_image(tmp_path / 'a.png', np.full((2, 2, 3), 255, np.uint8))
    np.testing.assert_array_equal(read_label_map(str(tmp_path / 'a.png')), np.ones((2, 2)))


def test_palette_with_white_255_is_binary_if_nothing_else_is_used(tmp_path):
    grey_ramp = [i for i in range(256) for _ in range(3)]
    for values, expected in (([[0, 255]], [[0, 1]]), ([[3, 255]], [[3, 0]]), ([[0, 0]], [[0, 0]])):
        image = Image.fromarray(np.array(values, np.uint8))
        image.putpalette(grey_ramp)
        image.save(tmp_path / 'a.png')
        np.testing.assert_array_equal(read_label_map(str(tmp_path / 'a.png')), expected)


def test_grey_that_is_neither(tmp_path, write_image):
    write_image(tmp_path / 'a.png', VALUES)
    with pytest.raises(DataError, match='a.png: .* values 255 and 1 .* save it with a palette'):
        read_label_map(str(tmp_path / 'a.png'))


def test_16_bits(tmp_path):
    for values in ([[0, 256]], [[0, 1]], [[[1, 1, 1], [0, 0, 0]]]):
        cv2.imwrite(str(tmp_path / 'a.png'), np.array(values, np.uint16))
        with pytest.raises(DataError, match='a.png: has 16 bits a value.*palette'):
            read_label_map(str(tmp_path / 'a.png'))


def test_other_formats(tmp_path):
    for kind in ('JPEG', 'GIF', 'BMP'):
        Image.new('L', (9, 9), 1).save(tmp_path / 'a.png', format=kind)
        with pytest.raises(DataError, match='a.png: is not a readable mask .no PNG.; write'):
            read_label_map(str(tmp_path / 'a.png'))


def test_colour_image(tmp_path, write_image):
    write_image(tmp_path / 'a.png', np.array([[[0, 0, 128]]], np.uint8))
    with pytest.raises(DataError, match='a.png: is a colour image .* palette'):
        read_label_map(str(tmp_path / 'a.png'))


def test_unreadable_and_missing_mask(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'no image')
    with pytest.raises(DataError, match='a.png: is not a readable mask'):
        read_label_map(str(tmp_path / 'a.png'))
    with pytest.raises(DataError, match='b.png: cannot be read'):
        read_label_map(str(tmp_path / 'b.png'))


def test_label_map_of_another_size_names_both(tmp_path, write_palette):
    write_palette(tmp_path / 'a.png', VALUES)
    with pytest.raises(DataError, match=r'a.png: the mask is 3 x 2 .* its frame 4 x 2; write'):
        load_label_map(str(tmp_path / 'a.png'), 2, 4)


def test_frame_masks_of_every_kind(tmp_path, write_palette):
    truth = np.zeros((5, 7), bool)
    truth[1:4, 2:6] = True  # as a polygon: x 2 to 6, y 1 to 4
    compressed = mask_util.encode(np.asfortranarray(truth, np.uint8))
    text = dict(compressed, counts=compressed['counts'].decode())
    flat = truth.ravel(order='F')
    edges = np.flatnonzero(np.diff(flat.astype(int))) + 1
    uncompressed = dict(size=[5, 7], counts=np.diff([0, *edges, 35]).tolist())
    polygon = [[2, 1, 6, 1, 6, 4, 2, 4]]
    halves = [[2, 1, 4, 1, 4, 4, 2, 4], [4, 1, 6, 1, 6, 4, 4, 4]]
    write_palette(tmp_path / 'a.png', truth * 9)
    kinds = [compressed, text, uncompressed, polygon, halves, str(tmp_path / 'a.png')]
    objects = [dict(object_id=9, segmentations=[None, kind]) for kind in kinds]
    masks = frame_masks(objects, 1, 5, 7)
    assert masks.dtype == bool
    np.testing.assert_array_equal(masks, [truth] * len(kinds))
    assert not frame_masks(objects, 0, 5, 7).any()


def test_frame_masks_picks_the_object_and_reads_a_file_once(tmp_path, monkeypatch, write_palette):
    path = str(tmp_path / 'a.png')
    write_palette(tmp_path / 'a.png', VALUES)
    reads = []
    monkeypatch.setattr('ausm_mm.datasets.masks.read_label_map',
                        lambda name: reads.append(name) or VALUES)
    masks = frame_masks([dict(object_id=i, segmentations=[path]) for i in (2, 3, 1)], 0, 2, 3)
    np.testing.assert_array_equal(masks, [VALUES == 2, VALUES == 3, VALUES == 1])
    assert reads == [path]


def test_frame_masks_without_objects():
    assert frame_masks([], 0, 2, 3).shape == (0, 2, 3)


@pytest.mark.parametrize('counts, message', [
    ('##~~oo', 'an RLE is cut off or malformed'),
    ('', 'an RLE is cut off or malformed'),
    (b'0o', 'an RLE is cut off or malformed'),
    (b'42', 'an RLE covers 6 pixels, but the frame has 16'),
    ([4, 2], 'an RLE covers 6 pixels, but the frame has 16'),
    ([4, 22], 'an RLE covers 26 pixels, but the frame has 16'),
    (5, 'a mask must be an RLE'),
])
def test_malformed_rle_is_named(counts, message):
    objects = [dict(object_id=5, segmentations=[dict(size=[4, 4], counts=counts)])]
    with pytest.raises(DataError, match=r'object 5, frame 0: ' + message):
        frame_masks(objects, 0, 4, 4)


def test_encode_mask():
    mask = np.zeros((3, 4), bool)
    assert encode_mask(mask) is None
    mask[1, 2] = True
    np.testing.assert_array_equal(mask_util.decode(encode_mask(mask)), mask)
