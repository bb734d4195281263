from .clip_data_preprocessor import ClipDataPreprocessor, NormalizedFrames

__all__ = ['ClipDataPreprocessor', 'NormalizedFrames']
