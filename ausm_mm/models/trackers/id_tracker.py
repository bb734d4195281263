"""ID-matching tracker: the bookkeeping of Algorithm 1; no weights."""
import logging
from dataclasses import replace
from typing import Optional, Tuple

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor

from ausm_mm.errors import UserError
from ausm_mm.registry import MODELS
from ausm_mm.structures import TrackRows, valid_cells
from ..prompt_encoders import cell_shares


@MODELS.register_module()
class IDTracker:
    """Which rows are objects, which IDs they carry, what of them enters the history.

    Args:
        foreground_threshold: A detection whose foreground probability exceeds it becomes an
            object.
        soft_masks: Keep sigmoid masks in the history instead of binary ones, which training
            shows (choice).
        exclusive: Each pixel of the history belongs to the present row with the highest logit, as
            in the ground truth that training shows, where masks do not overlap (choice).
        absent_above: Background probability above which a tracked object counts as absent, so that
            its history is empty (choice); 1 never lets an object be absent.
        max_absent: Give an object's ID back after it was absent for that many frames in a row;
            None never does, as in the paper.
    """

    def __init__(self, foreground_threshold: float = 0.5, soft_masks: bool = False,
                 exclusive: bool = True, absent_above: float = 0.5,
                 max_absent: Optional[int] = None) -> None:
        if max_absent is not None and max_absent < 1:
            raise UserError(f'IDTracker: max_absent={max_absent} must be at least 1; '
                            'None never gives IDs back')
        self.foreground_threshold = foreground_threshold
        self.soft_masks = soft_masks
        self.exclusive = exclusive
        self.absent_above = absent_above
        self.max_absent = max_absent
        self._said_full = False

    def start(self, num_ids: int, grid: Tuple[int, int], device: torch.device,
              generator: Optional[torch.Generator] = None) -> TrackRows:
        """No objects; the bank's IDs in random order.

        Args:
            num_ids: Size of the bank.
            grid: Height and width of the history's feature map.
            device: Of the tensors.
            generator: Source of the random order, on the CPU.
        """
        none = torch.zeros(0, dtype=torch.long, device=device)
        return TrackRows(
            bank_ids=none, object_ids=none, masks=torch.zeros(0, *grid, device=device),
            absent=none, free_ids=torch.randperm(num_ids, generator=generator).to(device),
            next_object_id=1)

    def prompt(self, rows: TrackRows, object_ids: Tensor, masks: Tensor) -> TrackRows:
        """Objects that the user gives: known ids get the new mask, new ids a new row.

        Args:
            rows: The objects so far.
            object_ids: Long (p,).
            masks: (p, H, W) over the padded frame, bool or float.

        Raises:
            UserError: If there are more new objects than free IDs.
        """
        shares = cell_shares(masks, rows.masks.shape[-2:])
        known = torch.isin(object_ids, rows.object_ids)
        updated, absent = rows.masks.clone(), rows.absent.clone()
        for object_id, share in zip(object_ids[known], shares[known]):
            row = rows.object_ids == object_id
            updated[row], absent[row] = share, 0
        new = int((~known).sum())
        if new > len(rows.free_ids):
            raise UserError(
                f'prompts for {new} new objects, but only {len(rows.free_ids)} of '
                f'{len(rows) + len(rows.free_ids)} IDs are free; give fewer or raise '
                'model.marker.num_ids')
        rows = replace(rows, masks=updated, absent=absent)
        return self._append(rows, object_ids[~known], shares[~known])

    def update(self, rows: TrackRows, background: Tensor, mask_logits: Tensor,
               canvas: Tuple[int, int], image_size: Tuple[int, int],
               detect: bool) -> Tuple[TrackRows, Tensor]:
        """After frame t was predicted: A_{t-1}, M_{t-1} -> A_t, M_t.

        Args:
            rows: n objects.
            background: (n + N_det,) probability of the class background.
            mask_logits: (n + N_det, h, w).
            canvas: Height and width of the padded frame.
            image_size: Without padding; nothing beyond it is an object.
            detect: Whether detections become objects.

        Returns:
            The new rows, and which of the predicted rows they are (long, in the same order).
            Rows whose ID was given back are gone from the first and not in the second.
        """
        n = len(rows)
        found = rows.bank_ids[:0]
        if detect:
            sizes = torch.tensor([image_size], device=mask_logits.device)
            inside = valid_cells(sizes, canvas, mask_logits.shape[-2:])
            owns = ((mask_logits[n:] > 0) & inside).flatten(1).any(1)
            found = self._new_objects(1 - background[n:], owns, len(rows.free_ids))
        kept = torch.cat([torch.arange(n, device=background.device), n + found])
        # An absent object enters the history empty, as in training (choice).
        present = background[kept] <= self.absent_above
        present[n:] = True
        masks = self._history_masks(
            mask_logits[kept], present, canvas, image_size, rows.masks.shape[-2:])
        absent = torch.where(present[:n], 0, rows.absent + 1)
        new_ids = rows.next_object_id + torch.arange(len(found), device=found.device)
        rows = self._append(replace(rows, masks=masks[:n], absent=absent), new_ids, masks[n:])
        if self.max_absent is None:
            return rows, kept
        alive = rows.absent < self.max_absent
        return self._select(rows, alive), kept[alive]

    def _new_objects(self, foreground: Tensor, owns: Tensor, free: int) -> Tensor:
        """Of the detection rows, those that become objects: at most ``free`` of the confident
        ones that own a pixel."""
        found = ((foreground > self.foreground_threshold) & owns).nonzero()[:, 0]
        if len(found) > free:
            if not self._said_full:
                print_log(
                    f'{len(found)} new objects but {free} free IDs: the most confident are kept '
                    '(said once). Cure: a larger model.marker.num_ids, or '
                    'model.tracker.max_absent to reuse IDs',
                    logger='current', level=logging.WARNING)
            self._said_full = True
            found = found[foreground[found].topk(free).indices].sort().values
        return found

    def _history_masks(self, logits: Tensor, present: Tensor, canvas: Tuple[int, int],
                       image_size: Tuple[int, int], grid: Tuple[int, int]) -> Tensor:
        logits = F.interpolate(logits[:, None], canvas, mode='bilinear', align_corners=False)[:, 0]
        logits = logits.masked_fill(~present[:, None, None], -torch.inf)
        masks = logits.sigmoid() if self.soft_masks else logits > 0
        if self.exclusive and len(masks):
            masks = masks * (logits == logits.amax(0))
        masks[..., image_size[0]:, :] = 0
        masks[..., image_size[1]:] = 0
        return cell_shares(masks, grid)

    @staticmethod
    def _append(rows: TrackRows, object_ids: Tensor, masks: Tensor) -> TrackRows:
        new = len(object_ids)
        highest = int(object_ids.max()) + 1 if new else 0
        return TrackRows(
            bank_ids=torch.cat([rows.bank_ids, rows.free_ids[:new]]),
            object_ids=torch.cat([rows.object_ids, object_ids]),
            masks=torch.cat([rows.masks, masks]),
            absent=torch.cat([rows.absent, rows.absent.new_zeros(new)]),
            free_ids=rows.free_ids[new:],
            next_object_id=max(rows.next_object_id, highest))

    @staticmethod
    def _select(rows: TrackRows, alive: Tensor) -> TrackRows:
        return replace(
            rows, bank_ids=rows.bank_ids[alive], object_ids=rows.object_ids[alive],
            masks=rows.masks[alive], absent=rows.absent[alive],
            free_ids=torch.cat([rows.free_ids, rows.bank_ids[~alive]]))
