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
            absent where its background probability exceeds 0.5.
        max_per_frame: Keep that many objects with the best scores in each frame; None keeps all.
    """

    def __init__(self, size: Tuple[int, int], exclusive: bool,
                 max_per_frame: Optional[int] = None) -> None:
        self.size = tuple(size)
        self.exclusive = exclusive
        self.max_per_frame = max_per_frame
        self._records: Dict[int, _Record] = {}
        self._num_frames = 0

    def add(self, t: int, prediction: FramePrediction) -> None:
        """Frame t of the video; every frame once, in any order."""
        object_ids = prediction.object_ids.tolist()
        class_probs = prediction.class_probs.float().cpu()
        masks = self._masks(prediction).cpu().numpy() if object_ids else ()
        for row in self._shown(class_probs):
            record = self._records.setdefault(object_ids[row], _Record())
            record.class_probs.append(class_probs[row, :-1].numpy())
            if masks[row].any():
                record.masks[t] = mask_utils.encode(
                    np.asfortranarray(masks[row].view(np.uint8)))
        self._num_frames += 1

    def _masks(self, prediction: FramePrediction) -> Tensor:
        """Bool (n, H, W)."""
        logits = prediction.logits_at(self.size)
        if not self.exclusive:
            return logits > 0
        best, owner = logits.max(0)
        rows = torch.arange(len(logits), device=logits.device)[:, None, None]
        return (owner == rows) & (best > 0)

    def _shown(self, class_probs: Tensor) -> List[int]:
        if self.exclusive:
            return list(range(len(class_probs)))
        shown = (class_probs[:, -1] <= ABSENT_ABOVE).nonzero()[:, 0]
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
