"""Renders one clip of the synthetic set."""
from dataclasses import dataclass
from typing import List, Optional, Tuple

import cv2
import numpy as np

from .motion import Motion, Pillar, plan_motion
from .options import SyntheticOptions
from .sprites import EXTENT, UNIT, draw_sprite, random_colors

SUPERSAMPLE = 3  # drawn at three times the size, then averaged: soft edges, sub-pixel motion
NOISE = 2.0  # standard deviation of the sensor noise, in grey levels
DRIFT = 8 / 64  # the camera wanders by up to this many frame heights


@dataclass
class Clip:
    """One rendered clip.

    Args:
        frames: uint8 (T, H, W, 3), BGR.
        label_maps: uint8 (T, H, W); 0 is background and pillar, i + 1 the i-th object. Objects
            without a visible pixel in the whole clip are gone, slivers of fewer than
            ``min_visible`` pixels are 0.
        labels: Class index of every object.
    """
    frames: np.ndarray
    label_maps: np.ndarray
    labels: List[int]


def _value_noise(rng: np.random.Generator, size: Tuple[int, int], cell: float) -> np.ndarray:
    """Smooth noise from three octaves, zero mean and standard deviation 1; float32 (H, W)."""
    height, width = size
    noise = np.zeros(size, np.float32)
    for octave in range(3):
        step = cell / 2**octave
        grid = rng.standard_normal((int(height / step) + 2, int(width / step) + 2))
        noise += cv2.resize(
            grid.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return (noise - noise.mean()) / (noise.std() + 1e-6)


def _grey_texture(rng: np.random.Generator, size: Tuple[int, int], level, cell: float,
                  contrast: float) -> np.ndarray:
    """A greyish texture with a faint tint; float32 (H, W, 3)."""
    tint = rng.uniform(-8, 8, 3)
    grey = level + contrast * _value_noise(rng, size, cell)
    return (grey[..., None] + tint).astype(np.float32)


class _Scene:
    """Everything of a clip that does not change from frame to frame."""

    def __init__(self, rng: np.random.Generator, options: SyntheticOptions) -> None:
        self.height, self.width = options.size
        low, high = options.frames
        self.num_frames = int(rng.integers(low, high + 1))
        count = int(rng.integers(options.min_objects, options.max_objects + 1))
        self.labels = [int(label) for label in rng.integers(options.num_classes, size=count)]
        self.sprites = [draw_sprite(options.classes[label], random_colors(rng))
                        for label in self.labels]
        self.motions: List[Motion] = []
        self.pillar: Optional[Pillar] = None
        if count:
            self.motions, self.pillar = plan_motion(rng, count, self.num_frames, options.size)

        self.margin = int(np.ceil(DRIFT * self.height)) + 1
        padded = (self.height + 2 * self.margin, self.width + 2 * self.margin)
        level = rng.uniform(85, 165)
        self.background = _grey_texture(
            rng, padded, level, cell=rng.uniform(0.12, 0.3) * self.height, contrast=11)
        self.drift = self._camera_drift(rng)  # (T, 2)
        if self.pillar:
            size = (SUPERSAMPLE * self.height, int(SUPERSAMPLE * self.pillar.width))
            away = level + (45 if level < 125 else -45)
            self.pillar_texture = _grey_texture(
                rng, size, away, cell=SUPERSAMPLE * 0.1 * self.height, contrast=9)

    def _camera_drift(self, rng: np.random.Generator) -> np.ndarray:
        """A slow curve through (0, 0) within DRIFT; (T, 2) as x, y."""
        phase = rng.uniform(0, 2 * np.pi, 2) + np.outer(
            np.linspace(0, 1, self.num_frames), rng.uniform(1, 5, 2))
        return DRIFT * self.height * rng.uniform(0.2, 1, 2) * np.sin(phase)

    def render(self, t: int) -> Tuple[np.ndarray, np.ndarray]:
        """Canvas (S*H, S*W, 3) float32 and the owner of each of its pixels (S*H, S*W) uint8."""
        canvas = self._draw_background(t)
        owner = np.zeros(canvas.shape[:2], np.uint8)
        for i, (motion, sprite) in enumerate(zip(self.motions, self.sprites, strict=True)):
            self._draw_object(canvas, owner, i + 1, sprite, motion, t)
        if self.pillar:
            self._draw_pillar(canvas, owner, t)
        return canvas, owner

    def _draw_background(self, t: int) -> np.ndarray:
        x, y = self.drift[t] + self.margin
        # Output pixel centres (i + 0.5) / S - 0.5 + offset, in background pixels.
        shift = 0.5 / SUPERSAMPLE - 0.5
        matrix = np.array([(1 / SUPERSAMPLE, 0, x + shift), (0, 1 / SUPERSAMPLE, y + shift)])
        return cv2.warpAffine(
            self.background, matrix, (SUPERSAMPLE * self.width, SUPERSAMPLE * self.height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)

    def _draw_object(self, canvas: np.ndarray, owner: np.ndarray, value: int, sprite: np.ndarray,
                     motion: Motion, t: int) -> None:
        x, y = SUPERSAMPLE * motion.center[t]
        radius = SUPERSAMPLE * motion.radius[t]
        reach = EXTENT * radius + 1
        left, top = max(int(x - reach), 0), max(int(y - reach), 0)
        right = min(int(x + reach) + 1, canvas.shape[1])
        bottom = min(int(y + reach) + 1, canvas.shape[0])
        if left >= right or top >= bottom:
            return
        # Canvas pixel -> sprite pixel: rotate back, scale to UNIT, move to the sprite's centre.
        zoom = UNIT / radius
        cos, sin = zoom * np.cos(motion.angle[t]), zoom * np.sin(motion.angle[t])
        turn = np.array([(cos, sin), (-sin, cos)])
        offset = turn @ (left + 0.5 - x, top + 0.5 - y) + len(sprite) / 2 - 0.5
        patch = cv2.warpAffine(
            sprite, np.column_stack([turn, offset]), (right - left, bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        alpha = patch[..., 3:]
        window = canvas[top:bottom, left:right]
        window *= 1 - alpha
        window += patch[..., :3]
        owner[top:bottom, left:right][alpha[..., 0] > 0.5] = value

    def _draw_pillar(self, canvas: np.ndarray, owner: np.ndarray, t: int) -> None:
        width = self.pillar_texture.shape[1]
        left = int(round(SUPERSAMPLE * self.pillar.x[t] - width / 2))
        start, stop = max(left, 0), min(left + width, canvas.shape[1])
        if start < stop:
            canvas[:, start:stop] = self.pillar_texture[:, start - left:stop - left]
            owner[:, start:stop] = 0


def _majority(owner: np.ndarray, num_objects: int) -> np.ndarray:
    """The owner of most of each pixel's supersamples; uint8 (H, W)."""
    size = (owner.shape[1] // SUPERSAMPLE, owner.shape[0] // SUPERSAMPLE)
    votes = [cv2.resize((owner == i).astype(np.float32), size, interpolation=cv2.INTER_AREA)
             for i in range(num_objects + 1)]  # each (H, W)
    return np.argmax(votes, axis=0).astype(np.uint8)


def render_clip(options: SyntheticOptions, split: str, index: int) -> Clip:
    """Renders clip ``index`` of a split; depends on nothing but its arguments."""
    rng = options.rng(split, index)
    scene = _Scene(rng, options)
    frames, label_maps = [], []
    for t in range(scene.num_frames):
        canvas, owner = scene.render(t)
        image = cv2.resize(canvas, (scene.width, scene.height), interpolation=cv2.INTER_AREA)
        image += NOISE * rng.standard_normal(image.shape, np.float32)
        frames.append(np.clip(np.round(image), 0, 255).astype(np.uint8))
        label_maps.append(_majority(owner, len(scene.labels)))
    return _without_slivers(np.stack(frames), np.stack(label_maps), scene.labels,
                            options.min_visible)


def _without_slivers(frames: np.ndarray, label_maps: np.ndarray, labels: List[int],
                     min_visible: int) -> Clip:
    """Blanks slivers and renumbers the objects that are ever visible from 1."""
    kept, clean = [], np.zeros_like(label_maps)
    for i, label in enumerate(labels):
        mask = label_maps == i + 1
        mask &= (mask.sum(axis=(1, 2)) >= min_visible)[:, None, None]
        if mask.any():
            kept.append(label)
            clean[mask] = len(kept)
    return Clip(frames=frames, label_maps=clean, labels=kept)
