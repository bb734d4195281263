"""Explicit state of one stream: goes into a step and comes out of it (Algorithm 1)."""
from dataclasses import dataclass
from typing import NamedTuple, Optional, Tuple

from torch import Tensor


@dataclass(frozen=True)
class TrackRows:
    """The objects in use: row i of every field belongs to object i.

    Args:
        bank_ids: Long (n,), which ID vectors of the bank the rows carry (A_t).
        object_ids: Long (n,), the ids the user sees.
        masks: Float (n, h, w) in [0, 1], share of each feature cell that the object covers (M_t,
            resized to the history's resolution: the next frame needs no more).
        absent: Long (n,), for how many frames in a row the object has been absent.
        free_ids: Long (N_id - n,), unused ID vectors in the random order in which they will be
            drawn. Shuffled once at the start, which equals drawing without replacement.
        next_object_id: The id the next discovered object will get.
    """
    bank_ids: Tensor
    object_ids: Tensor
    masks: Tensor
    absent: Tensor
    free_ids: Tensor
    next_object_id: int

    def __len__(self) -> int:
        return len(self.bank_ids)


@dataclass(frozen=True)
class StreamState:
    """All that a stream remembers; its size does not depend on the number of frames seen.

    Args:
        task: ``'unprompted'`` (the model's detections become objects) or ``'prompted'`` (only
            prompts do).
        dataset_name: Picks the classification head.
        rows: The objects in use.
        feature: (1, D, h, w), X of the frame before, or None before the first frame.
        mixers: State of each temporal mixer, or None before the first frame.
    """
    task: str
    dataset_name: str
    rows: Optional[TrackRows] = None
    feature: Optional[Tensor] = None
    mixers: Optional[Tuple[NamedTuple, ...]] = None
