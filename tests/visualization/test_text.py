import numpy as np

from ausm_mm.visualization.text import put_text, text_bar, text_size


def test_text_fills_its_line_and_nothing_else():
    width, height = text_size('7  zebra', 14)
    image = np.zeros((60, 200, 3), np.uint8)
    put_text(image, '7  zebra', 20, 30, 14, (10, 20, 250))
    assert image.max(axis=(0, 1)).tolist() == [10, 20, 250]
    rows, columns = np.nonzero(image.any(axis=2))
    assert 30 <= rows.min() and rows.max() < 30 + height
    assert 20 <= columns.min() and columns.max() < 20 + width


def test_text_is_cut_at_the_edges():
    image = np.zeros((10, 30, 3), np.uint8)
    put_text(image, 'a long text', -8, -3, 14, (255, 255, 255))
    assert image.any()


def test_text_bar():
    bar = text_bar('input', 120, 24, (0, 0, 0), (255, 255, 255))
    columns = np.nonzero((bar < 128).any(axis=(0, 2)))[0]
    assert bar.shape == (24, 120, 3)
    assert abs(columns.mean() - 60) < 4  # centred
    assert text_bar('too long for it', 10, 24, (0, 0, 0), (255, 255, 255)).shape == (24, 10, 3)
