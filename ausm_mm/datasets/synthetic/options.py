"""Options of the synthetic video set."""
from dataclasses import asdict, dataclass
from typing import Dict, Tuple

import numpy as np

from ..errors import DataError
from .sprites import CLASSES

SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class SyntheticOptions:
    """What a synthetic set holds; the same options always give the same set.

    Args:
        num_train, num_val, num_test: Number of clips of each split.
        frames: Shortest and longest clip, in frames.
        size: Height and width in pixels.
        min_objects, max_objects: Objects in a clip.
        num_classes: The first so many of :data:`~.sprites.CLASSES`.
        min_visible: An object with fewer visible pixels counts as hidden in that frame and is left
            out of the annotation.
        seed: Every clip of every split gets its own random stream derived from it.

    Raises:
        DataError: If an option is out of range.
    """
    num_train: int = 600
    num_val: int = 20
    num_test: int = 20
    frames: Tuple[int, int] = (16, 20)
    size: Tuple[int, int] = (64, 96)
    min_objects: int = 2
    max_objects: int = 4
    num_classes: int = 3
    min_visible: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        checks = {
            'num_train, num_val, num_test must not be negative':
                min(self.num_train, self.num_val, self.num_test) >= 0,
            'frames must be 1 <= shortest <= longest': 1 <= self.frames[0] <= self.frames[1],
            'size must be at least 32 x 32': min(self.size) >= 32,
            'objects must be 0 <= min_objects <= max_objects <= 254':
                0 <= self.min_objects <= self.max_objects <= 254,
            f'num_classes must be 1 to {len(CLASSES)}': 1 <= self.num_classes <= len(CLASSES),
            'min_visible must be at least 1': self.min_visible >= 1,
            'seed must not be negative': self.seed >= 0,
        }
        for rule, holds in checks.items():
            if not holds:
                raise DataError(f'synthetic set: {rule}, got {self}')

    @property
    def classes(self) -> Tuple[str, ...]:
        return CLASSES[:self.num_classes]

    def num_clips(self, split: str) -> int:
        return getattr(self, f'num_{split}')

    def rng(self, split: str, clip: int) -> np.random.Generator:
        """The random stream of one clip; no two clips of any split share one."""
        # The letters of the split's name are part of the key, so that splits cannot collide.
        key = (*split.encode(), clip)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def as_json(self) -> Dict:
        """As it reads back from a json file (lists for tuples)."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
