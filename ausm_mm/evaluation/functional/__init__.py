"""Pure functions over arrays and RLEs.

``baselines`` is not imported here: it makes tracks, which need torch.
"""
from .coco_ap import coco_ap
from .davis import (
    boundary_accuracy,
    region_similarity,
    score_label_maps,
    score_sequence,
    summarize_objects,
    summarize_sequences,
)
from .hota import hota
from .vis_ap import track_ious, vis_ap
from .vos_summary import frame_statistics, summarize_vos, youtube_vos_summary

__all__ = [
    'boundary_accuracy', 'coco_ap', 'frame_statistics', 'hota', 'region_similarity',
    'score_label_maps', 'score_sequence', 'summarize_objects', 'summarize_sequences',
    'summarize_vos', 'track_ious', 'vis_ap', 'youtube_vos_summary'
]
