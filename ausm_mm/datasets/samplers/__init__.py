from .multi_source_sampler import MultiSourceSampler, SampleIndex

__all__ = ['MultiSourceSampler', 'SampleIndex']
