from .formatting import PackClip, PackVideo
from .geometric import ClipCrop, ClipFlip, ClipResize
from .loading import FrameSequence, LazyFrames, LoadClipFrames, LoadClipMasks
from .photometric import ClipColorJitter
from .sampling import SampleClip

__all__ = [
    'ClipColorJitter', 'ClipCrop', 'ClipFlip', 'ClipResize', 'FrameSequence', 'LazyFrames',
    'LoadClipFrames', 'LoadClipMasks', 'PackClip', 'PackVideo', 'SampleClip'
]
