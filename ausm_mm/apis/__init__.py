from .baselines import first_mask_copied, per_frame_linked

__all__ = ['first_mask_copied', 'per_frame_linked']
