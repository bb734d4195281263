import numpy as np

from ausm_mm.visualization import object_color
from ausm_mm.visualization.palette import text_color


def test_colors_are_fixed_and_distinct():
    assert object_color(1) == (75, 25, 230)  # BGR of #e6194b
    colors = np.array([object_color(i) for i in range(1, 20)])
    distance = np.abs(colors[:, None] - colors[None]).sum(-1) + 1000 * np.eye(19)
    assert distance.min() > 50
    assert object_color(20) == object_color(1)
    assert all(0 <= c <= 255 for c in object_color(10**6))


def test_text_is_legible_on_every_color():
    for background in [object_color(i) for i in range(1, 20)] + [(0, 0, 0), (255, 255, 255)]:
        contrast = np.abs(np.subtract(text_color(background), background)).max()
        assert contrast > 110
    assert text_color((0, 255, 255)) == (0, 0, 0)  # black on yellow
    assert text_color((255, 0, 0)) == (255, 255, 255)  # white on blue
