import numpy as np
import pytest

from ausm_mm.datasets.synthetic.sprites import CLASSES, EXTENT, UNIT, draw_sprite, random_colors

COLORS = np.array([(200., 40., 40.), (20., 90., 20.)])
# Areas in units of the squared radius, from geometry.
AREAS = dict(
    disc=np.pi,
    square=2 * 1.25**2,
    triangle=3 * np.sqrt(3) / 4 * 1.3**2,
    star=5 * 1.3 * 0.66 * np.sin(np.pi / 5),
    cross=2 * (2 * 1.15) * (2 * 0.45) - (2 * 0.45)**2,
    hexagon=3 * np.sqrt(3) / 2 * 1.1**2)


@pytest.mark.parametrize('name', CLASSES)
def test_outline(name):
    sprite = draw_sprite(name, COLORS)
    side = int(2 * EXTENT * UNIT)
    assert sprite.shape == (side, side, 4) and sprite.dtype == np.float32
    alpha = sprite[..., 3]
    assert alpha.min() == 0 and alpha.max() == pytest.approx(1, abs=1e-6)
    assert alpha.sum() / UNIT**2 == pytest.approx(AREAS[name], rel=0.02)
    margin = np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]])
    assert margin.mean() < 0.05  # nothing is cut off


@pytest.mark.parametrize('name', CLASSES)
def test_texture_shows_both_colours(name):
    sprite = draw_sprite(name, COLORS)
    color, alpha = sprite[..., :3], sprite[..., 3]
    inside = alpha == 1
    shares = [(np.abs(color[inside] - c).max(axis=1) < 1).mean() for c in COLORS]
    assert min(shares) > 0.1 and sum(shares) > 0.75
    assert not color[alpha == 0].any()  # multiplied by alpha


def test_colours_stand_out_from_grey():
    rng = np.random.default_rng(0)
    for _ in range(50):
        light, dark = random_colors(rng)
        for color in (light, dark):
            assert 0 <= color.min() and color.max() <= 255.01
            assert color.max() - color.min() > 0.55 * color.max()
        assert light.max() - dark.max() > 80
