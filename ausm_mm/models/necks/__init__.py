from .history_compressor import HistoryCompressor
from .history_decoder import HistoryDecoder

__all__ = ['HistoryCompressor', 'HistoryDecoder']
