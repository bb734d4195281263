from .hungarian_matcher import HungarianMatcher
from .inference_scaling import Corner, CornerTraversal, ImageRepetition, VideoPasses, View
from .teacher_forcing import ForcedClips, TeacherForcing

__all__ = [
    'Corner', 'CornerTraversal', 'ForcedClips', 'HungarianMatcher', 'ImageRepetition',
    'TeacherForcing', 'VideoPasses', 'View'
]
