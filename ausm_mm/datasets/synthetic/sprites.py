"""Textured shapes: the class is told by the outline and by the texture."""
from typing import Callable, Dict, NamedTuple

import cv2
import numpy as np

# A sprite spans [-EXTENT, EXTENT] in units of the object's radius and UNIT pixels per radius, more
# than any object gets on the supersampled canvas of the default size.
EXTENT = 1.3
UNIT = 48


class ObjectClass(NamedTuple):
    outline: np.ndarray  # (n, 2) vertices in units of the radius
    texture: Callable[[np.ndarray, np.ndarray], np.ndarray]  # u, v -> wave, > 0 in one colour


def _regular(corners: int, radius: float, inner: float = 0.) -> np.ndarray:
    """A regular polygon, or a star if ``inner`` > 0; (n, 2)."""
    count = corners * 2 if inner else corners
    angle = np.arange(count) * 2 * np.pi / count - np.pi / 2
    radii = np.where(np.arange(count) % 2, inner, radius) if inner else np.full(count, radius)
    return np.stack([radii * np.cos(angle), radii * np.sin(angle)], axis=1)


def _cross(radius: float, arm: float) -> np.ndarray:
    corner = np.array([(arm, radius), (arm, arm), (radius, arm)])
    quarter_turn = np.array([(0, -1), (1, 0)])
    turns = [np.linalg.matrix_power(quarter_turn, k) for k in range(4)]
    return np.concatenate([corner @ turn for turn in turns])


_CATALOGUE: Dict[str, ObjectClass] = {
    'disc': ObjectClass(
        _regular(64, 1.0), lambda u, v: np.cos(2 * np.pi * 2.2 * np.hypot(u, v))),
    'square': ObjectClass(
        _regular(4, 1.25), lambda u, v: np.sin(2 * np.pi * 1.35 * (u + v) / np.sqrt(2))),
    'triangle': ObjectClass(
        _regular(3, 1.3), lambda u, v: np.sin(np.pi * 2.1 * u) * np.sin(np.pi * 2.1 * (v + 0.24))),
    'star': ObjectClass(
        _regular(5, 1.3, inner=0.66), lambda u, v: 0.42 - np.hypot(u, v)),
    'cross': ObjectClass(
        _cross(1.15, 0.45), lambda u, v: np.sin(2 * np.pi * 1.5 * np.maximum(abs(u), abs(v)))),
    'hexagon': ObjectClass(
        _regular(6, 1.1), lambda u, v: np.sin(3 * np.arctan2(v, u))),
}
CLASSES = tuple(_CATALOGUE)


def draw_sprite(name: str, colors: np.ndarray) -> np.ndarray:
    """Draws one object, upright and centred.

    Args:
        name: One of :data:`CLASSES`.
        colors: (2, 3) BGR in [0, 255], the two colours of the texture.

    Returns:
        float32 (P, P, 4): BGR multiplied by alpha, and alpha in [0, 1].
    """
    side = int(2 * EXTENT * UNIT)
    fine = 4 * side
    outline = np.round((_CATALOGUE[name].outline / EXTENT + 1) * fine / 2 - 0.5).astype(np.int32)
    alpha = cv2.fillPoly(np.zeros((fine, fine), np.float32), [outline], 1.0)
    alpha = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_AREA)[..., None]

    axis = ((np.arange(side) + 0.5) / side * 2 - 1) * EXTENT
    wave = _CATALOGUE[name].texture(*np.meshgrid(axis, axis))[..., None]  # (P, P, 1)
    blend = np.clip(wave * 6 + 0.5, 0, 1)  # a narrow soft edge between the colours
    color = blend * colors[0] + (1 - blend) * colors[1]
    return np.concatenate([color * alpha, alpha], axis=2).astype(np.float32)


def random_colors(rng: np.random.Generator) -> np.ndarray:
    """A light and a dark colour, both saturated so that they stand out from grey; (2, 3) BGR."""
    hue = rng.uniform(0, 360)
    hsv = np.array([[
        (hue, rng.uniform(0.6, 0.95), rng.uniform(0.85, 1.0)),
        ((hue + rng.uniform(-60, 60)) % 360, rng.uniform(0.7, 1.0), rng.uniform(0.25, 0.5)),
    ]], np.float32)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[0] * 255
