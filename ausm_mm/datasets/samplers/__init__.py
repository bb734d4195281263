from .multi_source_sampler import MultiSourceSampler, SampleIndex, seeded_by

__all__ = ['MultiSourceSampler', 'SampleIndex', 'seeded_by']
