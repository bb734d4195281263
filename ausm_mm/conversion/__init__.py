from .command import main
from .mask2former import MASK2FORMER
from .report import format_conversion
from .rules import Conversion, ConversionError, Family, Rule, convert_weights
from .swin import SWIN
from .weights import read_weights

__all__ = [
    'MASK2FORMER', 'SWIN', 'Conversion', 'ConversionError', 'Family', 'Rule', 'convert_weights',
    'format_conversion', 'main', 'read_weights'
]
