"""Preprocess of Algorithm 2: ground truth -> history, and targets of every frame at once."""
from dataclasses import dataclass
from typing import List, Optional, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ausm_mm.errors import UserError
from ausm_mm.registry import TASK_UTILS
from ausm_mm.structures import ClipDataSample


@dataclass
class ForcedClips:
    """What teacher forcing gives for B clips of T frames with up to n objects each.

    Rows of objects that a clip does not have are False in ``in_use`` and ``detect``.

    Args:
        bank_ids: Long (B, n), the ID vector of each object; no two objects of a clip share one.
        in_use: Bool (B, T, n), rows of A_{t-1}: objects that were handed over before frame t.
            These are the tracking targets.
        detect: Bool (B, T, n), visible objects that no ID has yet: the detection targets.
        visible: Bool (B, T, n), whether the object has a pixel in frame t.
        history_masks: Bool (B, T, n, H, W), M_{t-1} with the rows of ``in_use``, else empty.
        masks: Bool (B, T, n, H, W), ground truth of frame t.
        labels: Long (B, n), class index within the clip's data set.
        exhaustive: Bool (B,), whether detection rows are trained on the clip.
        dataset_names: One a clip.
    """
    bank_ids: Tensor
    in_use: Tensor
    detect: Tensor
    visible: Tensor
    history_masks: Tensor
    masks: Tensor
    labels: Tensor
    exhaustive: Tensor
    dataset_names: List[str]


@TASK_UTILS.register_module()
class TeacherForcing:
    """Draws an ID and a hand-over frame s_i for every object (section 5 of the method).

    Frames count from 1. Object i is a detection target up to frame s_i and a tracking target
    after it. s_i is uniform over the object's visible frames in unprompted clips; in prompted
    ones it is 0 for the objects of frame 1 (the prompt is M_0), and for later ones as before, or
    their first visible frame where the masks are not exhaustive (choice).

    The draws of a clip follow from its sample's ``seed``, so that they come out the same on any
    rank and after resuming; without one they come from the global generator.

    Args:
        num_ids: Size of the ID bank.
        prompted_prob: Share of the clips of exhaustive data that are trained as prompted.
    """

    def __init__(self, num_ids: int, prompted_prob: float = 0.5) -> None:
        self.num_ids = num_ids
        self.prompted_prob = prompted_prob

    def __call__(self, samples: Sequence[ClipDataSample]) -> ForcedClips:
        """Samples of one batch, with ``gt_instances.masks`` (n, T, H, W) of equal T, H, W.

        Raises:
            UserError: If a clip has more objects than there are IDs.
        """
        for sample in samples:
            if len(sample.gt_instances) > self.num_ids:
                raise UserError(
                    f'video {sample.video_name}: {len(sample.gt_instances)} objects in one clip, '
                    f'but the ID bank has {self.num_ids}; raise num_ids or drop objects')
        generators = [_generator(sample) for sample in samples]
        masks = self._stack_masks(samples)  # (B, T, n, H, W)
        visible = masks.flatten(3).any(-1)  # (B, T, n)
        B, T, n = visible.shape
        # Each clip without the others' padding: its draws do not depend on them.
        hand_over = pad_sequence([
            self._hand_over(sample, seen[:, :len(sample.gt_instances)], generator)
            for sample, seen, generator in zip(samples, visible, generators)], batch_first=True)
        device = masks.device
        frame = torch.arange(1, T + 1, device=device)[:, None]  # (T, 1)
        counts = torch.tensor([len(s.gt_instances) for s in samples], device=device)
        exists = (torch.arange(n, device=device) < counts[:, None])[:, None]  # (B, 1, n)
        in_use = (frame > hand_over[:, None]) & exists  # (B, T, n)
        detect = (frame <= hand_over[:, None]) & exists & visible
        # M_{t-1}: frame t's history is the frame before; frame 1's is the prompt, its own mask.
        before = torch.cat([masks[:, :1], masks[:, :-1]], dim=1)
        labels = [s.gt_instances.labels for s in samples]
        return ForcedClips(
            bank_ids=torch.stack([
                torch.randperm(self.num_ids, generator=g)[:n] for g in generators]).to(device),
            in_use=in_use,
            detect=detect,
            visible=visible,
            history_masks=before & in_use[..., None, None],
            masks=masks,
            labels=pad_sequence(labels, batch_first=True),
            exhaustive=torch.tensor([bool(s.exhaustive) for s in samples], device=device),
            dataset_names=[s.dataset_name for s in samples])

    @staticmethod
    def _stack_masks(samples: Sequence[ClipDataSample]) -> Tensor:
        all_masks = [s.gt_instances.masks for s in samples]
        n = max(len(m) for m in all_masks)
        T, H, W = all_masks[0].shape[1:]
        out = all_masks[0].new_zeros(len(samples), T, n, H, W)
        for clip, masks in zip(out, all_masks):
            clip[:, :len(masks)] = masks.transpose(0, 1)
        return out

    def _hand_over(self, sample: ClipDataSample, visible: Tensor,
                   generator: Optional[torch.Generator] = None) -> Tensor:
        """visible (T, n) -> s_i (n,), frames counted from 1."""
        T, n = visible.shape
        prompted = (not sample.exhaustive or sample.task == 'prompted'
                    or torch.rand((), generator=generator).item() < self.prompted_prob)
        if sample.exhaustive:
            # The largest of independent uniform numbers is uniform over the visible frames.
            draws = torch.rand(T, n, generator=generator).to(visible.device)
            s = draws.masked_fill(~visible, -1).max(0).indices + 1
        else:
            s = visible.int().max(0).indices + 1  # first visible frame
        if prompted:
            s = s.masked_fill(visible[0], 0)
        return s


def _generator(sample: ClipDataSample) -> Optional[torch.Generator]:
    seed = sample.get('seed')
    return None if seed is None else torch.Generator().manual_seed(seed)
