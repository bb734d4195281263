"""Frame predictions -> tracks of RLEs, so that memory does not grow with dense masks."""
from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from pycocotools import mask as mask_utils
from torch import Tensor

from ausm_mm.structures import Track

# Background probability above which an object is left out of an unprompted frame.
ABSENT_ABOVE = 0.5


class FramePrediction(NamedTuple):
    """The objects of one frame.

    object_ids: Long (n,).
    class_probs: (n, K + 1), background last.
    mask_logits: (n, h, w) over the padded frame.
    canvas: Height and width of the padded frame.
    image_size: Height and width of the frame without padding.
    """
    object_ids: Tensor
    class_probs: Tensor
    mask_logits: Tensor
    canvas: Tuple[int, int]
    image_size: Tuple[int, int]

    def select(self, keep: Sequence[bool]) -> 'FramePrediction':
        """The objects with a true entry in ``keep``, one entry each."""
        rows = torch.tensor(keep, dtype=torch.bool, device=self.object_ids.device)
        return self._replace(
            object_ids=self.object_ids[rows], class_probs=self.class_probs[rows],
            mask_logits=self.mask_logits[rows])

    def logits_at(self, size: Tuple[int, int]) -> Tensor:
        """Mask logits of the image (without padding) at a (height, width): (n, H, W)."""
        logits = F.interpolate(
            self.mask_logits[None].float(), self.canvas, mode='bilinear', align_corners=False)
        logits = logits[..., :self.image_size[0], :self.image_size[1]]
        if tuple(size) != tuple(self.image_size):
            logits = F.interpolate(logits, size, mode='bilinear', align_corners=False)
        return logits[0]


class FrameMasks:
    """The masks of one frame as RLEs, each encoded when it is first asked for.

    Args:
        prediction: Of the frame.
        size: Height and width of the stored frame.
        exclusive: As in :class:`TrackRecorder`.
    """

    def __init__(self, prediction: FramePrediction, size: Tuple[int, int],
                 exclusive: bool) -> None:
        self._masks: Sequence[np.ndarray] = ()
        if len(prediction.object_ids):
            self._masks = self._binary(prediction.logits_at(size), exclusive).cpu().numpy()
        self._rles: Dict[int, Optional[dict]] = {}

    def __getitem__(self, row: int) -> Optional[dict]:
        """RLE of a row, or None if its mask is empty."""
        if row not in self._rles:
            mask = self._masks[row]
            self._rles[row] = mask_utils.encode(
                np.asfortranarray(mask.view(np.uint8))) if mask.any() else None
        return self._rles[row]

    @staticmethod
    def _binary(logits: Tensor, exclusive: bool) -> Tensor:
        """Logits (n, H, W) -> bool (n, H, W)."""
        if not exclusive:
            return logits > 0
        best, owner = logits.max(0)
        rows = torch.arange(len(logits), device=logits.device)[:, None, None]
        return (owner == rows) & (best > 0)


@dataclass
class _Record:
    masks: Dict[int, dict] = field(default_factory=dict)
    class_probs: List[np.ndarray] = field(default_factory=list)


class TrackRecorder:
    """Collects one video.

    Args:
        size: Height and width of the stored frames.
        exclusive: Prompted mode: the masks of a frame are an argmax label map over the objects'
            logits and 0 for the background, and no row is ever left out. Otherwise an object is
            absent where its background probability exceeds ``absent_above``.
        max_per_frame: Keep that many objects with the best scores in each frame; None keeps all.
        absent_above: See ``exclusive``.
    """

    def __init__(self, size: Tuple[int, int], exclusive: bool,
                 max_per_frame: Optional[int] = None, absent_above: float = ABSENT_ABOVE) -> None:
        self.size = tuple(size)
        self.exclusive = exclusive
        self.max_per_frame = max_per_frame
        self.absent_above = absent_above
        self._records: Dict[int, _Record] = {}
        self._num_frames = 0

    def add(self, t: int, prediction: FramePrediction,
            masks: Optional[FrameMasks] = None) -> None:
        """Frame t of the video; every frame once, in any order.

        Args:
            t: Position in the video.
            prediction: Of the frame.
            masks: Its masks, if several recorders share them.
        """
        object_ids = prediction.object_ids.tolist()
        class_probs = prediction.class_probs.float().cpu()
        if masks is None:
            masks = FrameMasks(prediction, self.size, self.exclusive)
        for row in self._shown(class_probs):
            record = self._records.setdefault(object_ids[row], _Record())
            record.class_probs.append(class_probs[row, :-1].numpy())
            if masks[row] is not None:
                record.masks[t] = masks[row]
        self._num_frames += 1

    def _shown(self, class_probs: Tensor) -> List[int]:
        if self.exclusive:
            return list(range(len(class_probs)))
        shown = (class_probs[:, -1] <= self.absent_above).nonzero()[:, 0]
        if self.max_per_frame is not None and len(shown) > self.max_per_frame:
            scores = class_probs[shown, :-1].max(1).values
            shown = shown[scores.topk(self.max_per_frame).indices]
        return shown.tolist()

    def tracks(self) -> List[Track]:
        """One track per object that was seen, or prompted.

        Class and score come from the mean class probability over its frames (section 7 of the
        method); the score of prompted objects is 1.
        """
        tracks = []
        for object_id, record in sorted(self._records.items()):
            if not (record.masks or self.exclusive):
                continue
            mean = np.mean(record.class_probs, axis=0)
            tracks.append(Track(
                object_id=object_id,
                label=int(mean.argmax()),
                score=1.0 if self.exclusive else float(mean.max()),
                segmentations=[record.masks.get(t) for t in range(self._num_frames)]))
        return tracks
