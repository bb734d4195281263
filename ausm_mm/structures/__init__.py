from .clip_data_sample import ClipDataSample, Track

__all__ = ['ClipDataSample', 'Track']
