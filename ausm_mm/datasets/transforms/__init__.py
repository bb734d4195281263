from .formatting import PackClip, PackVideo
from .geometric import ClipCrop, ClipFlip, ClipResize, ClipScaleJitter
from .loading import FrameSequence, LazyFrames, LoadClipFrames, LoadClipMasks
from .photometric import ClipColorJitter
from .pseudo_video import PseudoVideo
from .sampling import SampleClip

__all__ = [
    'ClipColorJitter', 'ClipCrop', 'ClipFlip', 'ClipResize', 'ClipScaleJitter', 'FrameSequence',
    'LazyFrames', 'LoadClipFrames', 'LoadClipMasks', 'PackClip', 'PackVideo', 'PseudoVideo',
    'SampleClip'
]
