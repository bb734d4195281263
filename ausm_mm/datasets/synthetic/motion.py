"""How objects and the pillar move: smooth paths, with events in which an object disappears."""
from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np

from .sprites import EXTENT

Size = Tuple[int, int]  # height and width in pixels

# With these two the masks of consecutive frames have a mean IoU of 0.7; in DAVIS 2016 it is 0.75.
SPEED = 3.0 / 64  # mean speed of leaving and returning, in frame heights per frame
WAY = 0.45  # of the distance to its goal that an object travels in a clip
RADIUS = (8 / 64, 14 / 64)  # in units of the frame's shorter side
SWELL = 0.16  # objects grow and shrink by up to this share
PILLAR_SHARE = 0.6  # of the clips
WIDE_SHARE = 0.4  # of the pillars
LATE_SHARE = 0.25  # of the objects, the first one excepted
# Share of all object-frames planned as absences, drawn for each clip. Chance occlusions come on
# top; together they hide about 14 % of the object-frames after birth.
ABSENT_SHARE = (0.042, 0.115)
SHORTEST_ABSENCE = 3  # frames


@dataclass
class Motion:
    """Pose of one object in every frame: centre (T, 2) as x, y; radius (T,); angle (T,) in rad."""
    center: np.ndarray
    radius: np.ndarray
    angle: np.ndarray


@dataclass
class Pillar:
    """A vertical bar in front of everything: centre x (T,) and its width in pixels."""
    x: np.ndarray
    width: float


def _smooth_path(points: np.ndarray, num_frames: int) -> np.ndarray:
    """Quadratic Bezier curve through the first, towards the second, to the third point; (T, 2)."""
    t = np.linspace(0, 1, num_frames)[:, None]
    return (1 - t)**2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]


def _smoothstep(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _spread_points(rng: np.random.Generator, count: int, low: np.ndarray,
                   high: np.ndarray) -> np.ndarray:
    """Random points that keep apart: each the best of some candidates; (count, 2)."""
    points = rng.uniform(low, high, (1, 2))
    for _ in range(count - 1):
        candidates = rng.uniform(low, high, (8, 2))
        gap = np.linalg.norm(candidates[:, None] - points[None], axis=2).min(axis=1)
        points = np.concatenate([points, candidates[gap.argmax()][None]])
    return points


def _visit(center: np.ndarray, axis: int, target: np.ndarray, start: int, stop: int,
           speed: float) -> None:
    """Bends one coordinate of a path so that it equals ``target`` in frames [start, stop)."""
    frames = np.arange(len(center))
    way = abs(target - center[:, axis])
    ramp_in = np.clip(way[max(start, 0)] / speed, 3, 8)
    ramp_out = np.clip(way[min(stop, len(center) - 1)] / speed, 3, 8)
    weight = np.minimum(_smoothstep((frames - start) / ramp_in + 1),
                        _smoothstep((stop - 1 - frames) / ramp_out + 1))
    center[:, axis] += weight * (target - center[:, axis])


def _leave(motion: Motion, start: int, stop: int, size: Size) -> None:
    """Sends an object over the nearest edge for the frames [start, stop)."""
    height, width = size
    x, y = motion.center[np.clip((start + stop) // 2, 0, len(motion.center) - 1)]
    beyond = motion.radius.max() * EXTENT + 1
    edges = [(x, 0, -beyond), (width - x, 0, width + beyond),
             (y, 1, -beyond), (height - y, 1, height + beyond)]
    _, axis, target = min(edges)
    _visit(motion.center, axis, np.full(len(motion.center), target), start, stop, SPEED * height)


def _plan_absences(rng: np.random.Generator, num_objects: int, num_frames: int) -> List[int]:
    """Lengths of the absences of a clip, at most one for each object."""
    budget = rng.uniform(*ABSENT_SHARE) * num_objects * num_frames
    longest = num_frames // 2
    lengths = []
    while longest > SHORTEST_ABSENCE and budget >= SHORTEST_ABSENCE and len(lengths) < num_objects:
        length = int(min(budget, rng.integers(SHORTEST_ABSENCE, longest + 1)))
        lengths.append(length)
        budget -= length
    return lengths


def _base_motions(rng: np.random.Generator, num_objects: int, num_frames: int,
                  size: Size) -> List[Motion]:
    """Paths without events: every object heads for where the one before it started."""
    height, width = size
    side = min(size)
    low = np.array([0.1 * width, 0.12 * height])
    high = np.array([0.9 * width, 0.88 * height])
    starts = _spread_points(rng, num_objects, low, high)
    goals = np.roll(starts, 1, axis=0) + rng.normal(0, 0.15 * side, starts.shape)
    ends = np.clip(starts + WAY * (goals - starts), low, high)
    bends = np.clip((starts + ends) / 2 + rng.normal(0, 0.2 * side, starts.shape), low, high)
    motions = []
    for points in np.stack([starts, bends, ends], axis=1):  # (3, 2)
        phase = rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(2, 6), num_frames)
        turn = np.deg2rad(rng.uniform(-7, 7))
        motions.append(Motion(
            center=_smooth_path(points, num_frames),
            radius=rng.uniform(*RADIUS) * side * (1 + SWELL * np.sin(phase)),
            angle=rng.uniform(0, 2 * np.pi) + turn * np.arange(num_frames)))
    return motions


def _make_pillar(rng: np.random.Generator, motions: List[Motion], size: Size) -> Pillar:
    """A pillar that is slim, or in some clips just wide enough to hide the smallest object."""
    num_frames = len(motions[0].center)
    _, width = size
    slim = rng.uniform(0.08, 0.15) * width
    wide = min(2 * EXTENT * min(motion.radius.max() for motion in motions), 0.26 * width)
    start = rng.uniform(0.2, 0.8) * width
    travel = rng.uniform(-0.2, 0.2) * width if rng.random() < 0.5 else 0.
    return Pillar(x=start + travel * np.linspace(0, 1, num_frames),
                  width=wide if rng.random() < WIDE_SHARE else slim)


def plan_motion(rng: np.random.Generator, num_objects: int, num_frames: int,
                size: Size) -> Tuple[List[Motion], Optional[Pillar]]:
    """Plans one clip.

    Args:
        rng: The clip's random stream.
        num_objects: N >= 1.
        num_frames: T >= 1.
        size: Height and width in pixels.

    Returns:
        tuple[list[Motion], Pillar | None]: The objects, the farthest first, and the pillar.
    """
    height, _ = size
    motions = _base_motions(rng, num_objects, num_frames, size)
    pillar = _make_pillar(rng, motions, size) if rng.random() < PILLAR_SHARE else None
    late = [i for i in range(1, num_objects) if rng.random() < LATE_SHARE]
    for i in late:
        _leave(motions[i], -num_frames, int(rng.integers(1, num_frames // 3 + 2)), size)

    smallest = min(range(num_objects), key=lambda i: motions[i].radius.max())
    movers = [i for i in rng.permutation(num_objects) if i not in late]
    absences = _plan_absences(rng, num_objects, num_frames)
    for i, length in zip(movers, absences, strict=False):  # who comes late has none
        latest = num_frames - length
        start = int(rng.integers(min(3, latest), latest + 1))
        hides = (pillar and i == smallest
                 and 2 * EXTENT * motions[i].radius.max() <= pillar.width)
        if hides:
            _visit(motions[i].center, 0, pillar.x, start, start + length, SPEED * height)
        else:
            _leave(motions[i], start, start + length, size)
    return motions, pillar
