from .baselines import copy_first_mask, link_by_iou
from .davis import (
    boundary_accuracy,
    region_similarity,
    score_sequence,
    summarize_objects,
    summarize_sequences,
)
from .vis_ap import track_ious, vis_ap

__all__ = [
    'boundary_accuracy', 'copy_first_mask', 'link_by_iou', 'region_similarity', 'score_sequence',
    'summarize_objects', 'summarize_sequences', 'track_ious', 'vis_ap'
]
