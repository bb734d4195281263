"""The contract of a temporal mixer."""
from abc import ABCMeta, abstractmethod
from typing import NamedTuple, Optional, Tuple

from mmengine.model import BaseModule
from torch import Tensor


class TemporalMixer(BaseModule, metaclass=ABCMeta):
    """Mixes a sequence over time, each pixel on its own, causally.

    The state is a NamedTuple of tensors whose first dimension is the number of sequences, so that
    pixels can be processed in chunks; its size must not depend on the number of frames seen.
    """

    @abstractmethod
    def forward(self, x: Tensor,
                state: Optional[NamedTuple] = None) -> Tuple[Tensor, NamedTuple]:
        """All frames at once.

        Args:
            x: (N, T, D), N sequences of T frames.
            state: What ``forward`` or ``step`` returned for the frames before; None at the start.

        Returns:
            y (N, T, D) and the state after the last frame.
        """

    @abstractmethod
    def step(self, x: Tensor, state: Optional[NamedTuple] = None) -> Tuple[Tensor, NamedTuple]:
        """One frame: equals ``forward`` on a sequence of length one.

        Args:
            x: (N, D).
            state: As in ``forward``.

        Returns:
            y (N, D) and the state after the frame.
        """
