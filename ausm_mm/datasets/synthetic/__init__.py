from .options import SPLITS, SyntheticOptions
from .scene import Clip, render_clip
from .sprites import CLASSES
from .writer import hidden_frames, write_synthetic

__all__ = [
    'CLASSES', 'Clip', 'SPLITS', 'SyntheticOptions', 'hidden_frames', 'render_clip',
    'write_synthetic'
]
