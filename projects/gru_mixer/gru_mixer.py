"""A gated recurrent unit as the history compressor's temporal mixer."""
from typing import NamedTuple, Optional, Tuple

from torch import Tensor, nn

from ausm_mm.models import TemporalMixer
from ausm_mm.registry import MODELS


class GRUState(NamedTuple):
    """hidden (N, E): what each of N pixels remembers."""
    hidden: Tensor


@MODELS.register_module()
class GRUMixer(TemporalMixer):
    """One GRU layer (arXiv 1406.1078) over the frames, each pixel on its own.

    Args:
        embed_dims: D, width of input and output.
        hidden_dims: E, width of the memory; D if None.
    """

    def __init__(self, embed_dims: int, hidden_dims: Optional[int] = None, init_cfg=None) -> None:
        super().__init__(init_cfg)
        hidden_dims = hidden_dims or embed_dims
        self.gru = nn.GRU(embed_dims, hidden_dims, batch_first=True)
        self.out_proj = nn.Linear(hidden_dims, embed_dims, bias=False)

    def forward(self, x: Tensor, state: Optional[GRUState] = None) -> Tuple[Tensor, GRUState]:
        """x (N, T, D) -> y (N, T, D) and the state after the last frame."""
        y, hidden = self.gru(x, None if state is None else state.hidden[None])
        return self.out_proj(y), GRUState(hidden[0])

    def step(self, x: Tensor, state: Optional[GRUState] = None) -> Tuple[Tensor, GRUState]:
        """x (N, D) -> y (N, D) and the state after the frame."""
        y, state = self(x[:, None], state)
        return y[:, 0], state
