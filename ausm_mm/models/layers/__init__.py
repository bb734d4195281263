from .attention import FFN, MultiheadAttention

__all__ = ['FFN', 'MultiheadAttention']
