"""One linear classifier per data set (choice: no text encoder)."""
from typing import Dict, Sequence, Union

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from ausm_mm.errors import UserError


class DatasetClassifiers(BaseModule):
    """Class logits by the head of each frame's data set.

    Args:
        embed_dims: D.
        num_classes: Data set name -> number of classes K_d without background, 1 for a data set
            without labels; or the name of the data set whose classifier it shares.

    Raises:
        UserError: If a classifier that shall be shared is not there.
    """

    def __init__(self, embed_dims: int, num_classes: Dict[str, Union[int, str]]) -> None:
        super().__init__()
        self.num_classes = {
            name: k for name, k in num_classes.items() if not isinstance(k, str)}
        self.shared = {name: other for name, other in num_classes.items()
                       if isinstance(other, str)}
        for name, other in self.shared.items():
            if other not in self.num_classes:
                raise UserError(
                    f'model.head.num_classes: {name!r} shares the classifier of {other!r}, which '
                    f'has none of its own; take one of {sorted(self.num_classes)}')
        self.heads = nn.ModuleDict(
            {name: nn.Linear(embed_dims, k + 1) for name, k in self.num_classes.items()})

    def forward(self, rows: Tensor, dataset_names: Sequence[str]) -> Tensor:
        """Classify.

        Args:
            rows: (N, Q, D).
            dataset_names: One per frame, N.

        Returns:
            (N, Q, K + 1), K the most classes of the data sets named. Background is always the
            last column; columns a data set does not have are -inf.

        Raises:
            UserError: If there is no head for a data set.
        """
        dataset_names = [self.shared.get(name, name) for name in dataset_names]
        present = list(dict.fromkeys(dataset_names))
        for name in present:
            if name not in self.heads:
                raise UserError(
                    f'no classification head for data set {name!r}, only for '
                    f'{sorted(self.heads)}; add it to model.head.num_classes')
        if len(present) == 1:
            return self.heads[present[0]](rows)
        K = max(self.num_classes[name] for name in present)
        out = None
        for name in present:
            frames = [i for i, d in enumerate(dataset_names) if d == name]
            logits = self.heads[name](rows[frames])  # (N_d, Q, K_d + 1)
            if out is None:
                out = logits.new_full((*rows.shape[:2], K + 1), -torch.inf)
            columns = [*range(self.num_classes[name]), K]
            index = torch.tensor(frames, device=rows.device)
            out[index[:, None], :, torch.tensor(columns, device=rows.device)] = (
                logits.transpose(1, 2))
        return out
