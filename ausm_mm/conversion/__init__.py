from .command import convert_file, parse_arguments
from .mask2former import MASK2FORMER
from .report import format_conversion
from .rules import Conversion, ConversionError, Family, Rule, convert_weights
from .swin import SWIN
from .weights import read_weights

__all__ = [
    'MASK2FORMER', 'SWIN', 'Conversion', 'ConversionError', 'Family', 'Rule', 'convert_file',
    'convert_weights', 'format_conversion', 'parse_arguments', 'read_weights'
]
