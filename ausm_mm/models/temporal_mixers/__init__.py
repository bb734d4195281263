from .base import TemporalMixer
from .mamba import Mamba, MambaLoop
from .mamba2 import Mamba2

__all__ = ['Mamba', 'Mamba2', 'MambaLoop', 'TemporalMixer']
