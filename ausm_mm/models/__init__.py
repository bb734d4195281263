import mmdet.models  # noqa: F401  (registers pixel decoders and position codes)

from .ausm import AUSM
from .backbones import FPNPixelEncoder, TinyConvNet
from .data_preprocessors import ClipDataPreprocessor
from .heads import QueryDecoderHead
from .losses import QueryLoss
from .necks import HistoryCompressor, HistoryDecoder
from .prompt_encoders import HistoryMarker
from .task_modules import HungarianMatcher, TeacherForcing
from .temporal_mixers import Mamba, Mamba2, MambaLoop, TemporalMixer
from .trackers import IDTracker

__all__ = [
    'AUSM', 'ClipDataPreprocessor', 'FPNPixelEncoder', 'HistoryCompressor', 'HistoryDecoder',
    'HistoryMarker', 'HungarianMatcher', 'IDTracker', 'Mamba', 'Mamba2', 'MambaLoop',
    'QueryDecoderHead', 'QueryLoss', 'TeacherForcing', 'TemporalMixer', 'TinyConvNet'
]
