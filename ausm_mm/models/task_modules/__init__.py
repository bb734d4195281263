from .hungarian_matcher import HungarianMatcher
from .teacher_forcing import ForcedClips, TeacherForcing

__all__ = ['ForcedClips', 'HungarianMatcher', 'TeacherForcing']
