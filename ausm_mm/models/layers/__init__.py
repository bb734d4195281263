from .attention import FFN, MultiheadAttention
from .checkpointing import checkpoint_layers, repeated_layers

__all__ = ['FFN', 'MultiheadAttention', 'checkpoint_layers', 'repeated_layers']
