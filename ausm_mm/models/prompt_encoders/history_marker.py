"""History marker ("Token Mark"): paints ID vectors onto the pixels they own (section 3)."""
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from ausm_mm.errors import UserError
from ausm_mm.registry import MODELS


@MODELS.register_module()
class HistoryMarker(BaseModule):
    """S[h, w] = sum_i M_i[h, w] A_i / norm, with norm = eps + sum_i M_i[h, w].

    Also owns the ID bank (choice: learned, drawn from N(0, 1); far smaller vectors do not start to
    learn).

    Args:
        embed_dims: D.
        num_ids: Size of the bank; the paper: 100.
        norm: ``'sum'`` as in the paper, where a cell that is covered by 1 % is painted like a full
            one; ``'max1'`` divides by ``max(1, sum)``, so that the share shows (choice).
        eps: Of ``'sum'``.
    """

    def __init__(self, embed_dims: int = 256, num_ids: int = 100, norm: str = 'sum',
                 eps: float = 1e-6, init_cfg=None) -> None:
        super().__init__(init_cfg)
        if norm not in ('sum', 'max1'):
            raise UserError(f"HistoryMarker: norm={norm!r} is unknown; choose 'sum' or 'max1'")
        self.bank = nn.Embedding(num_ids, embed_dims)  # nn.Embedding starts as N(0, 1)
        self.norm = norm
        self.eps = eps

    @property
    def num_ids(self) -> int:
        return self.bank.num_embeddings

    def forward(self, id_vectors: Tensor, masks: Tensor) -> Tensor:
        """Paint.

        Args:
            id_vectors: A, (N, n, D).
            masks: M as cell shares in [0, 1], (N, n, h, w); rows of zeros paint nothing.

        Returns:
            S, (N, D, h, w).
        """
        painted = torch.einsum('nihw,nid->ndhw', masks, id_vectors)
        total = masks.sum(1, keepdim=True)  # (N, 1, h, w)
        return painted / (total + self.eps if self.norm == 'sum' else total.clamp(min=1))


def cell_shares(masks: Tensor, size: tuple) -> Tensor:
    """Share of each cell of a grid that a mask covers.

    Args:
        masks: Any float or bool (..., H, W).
        size: Height and width of the grid.

    Returns:
        Float (..., h, w) in [0, 1].
    """
    lead = masks.shape[:-2]
    if 0 in masks.shape:
        return torch.zeros(*lead, *size, device=masks.device)
    masks = masks.float().reshape(-1, 1, *masks.shape[-2:])
    return F.adaptive_avg_pool2d(masks, size).view(*lead, *size)
