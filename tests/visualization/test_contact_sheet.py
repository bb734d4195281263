import numpy as np
import pytest

from ausm_mm.visualization import contact_sheet, evenly_spaced
from ausm_mm.visualization.contact_sheet import BAR, GAP


@pytest.mark.parametrize('n_frames, n_columns, expected', [
    (1, 6, [0]), (3, 6, [0, 1, 2]), (16, 6, [0, 3, 6, 9, 12, 15]), (50, 3, [0, 24, 49]),
    (50, 1, [0]),
])
def test_evenly_spaced(n_frames, n_columns, expected):
    assert evenly_spaced(n_frames, n_columns) == expected


def test_every_picture_is_at_its_place():
    def image(value):
        return np.full((50, 80, 3), value, np.uint8)

    sheet = contact_sheet({'input': [image(10), image(20)], 'prompted': [image(30), image(40)]},
                          [0, 7])
    assert sheet.shape == (GAP + BAR + GAP + 2 * (50 + GAP), GAP + BAR + 2 * (GAP + 80) + GAP, 3)
    for row in range(2):
        for column in range(2):
            y = GAP + BAR + GAP + row * (50 + GAP)
            x = GAP + BAR + GAP + column * (80 + GAP)
            assert (sheet[y:y + 50, x:x + 80] == 10 * (1 + 2 * row + column)).all()
            assert (sheet[y - 1, x - GAP:x + 80 + GAP] == 255).all()
    header = sheet[GAP:GAP + BAR, GAP + BAR:]
    titles = sheet[GAP + BAR + GAP:, GAP:GAP + BAR]
    assert (header < 50).any() and (titles[:50] < 50).any() and (titles[54:] < 50).any()
