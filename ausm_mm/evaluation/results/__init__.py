"""Result files of any method: reading, scoring, checking, packing and drawing them."""
from .coco_files import evaluate_coco_files, mask_results
from .json_files import load_json, load_results
from .vis_files import (
    category_ids,
    evaluate_vis_files,
    find_vis_problems,
    pack_vis,
    track_results,
)

__all__ = [
    'category_ids', 'evaluate_coco_files', 'evaluate_vis_files', 'find_vis_problems', 'load_json',
    'load_results', 'mask_results', 'pack_vis', 'track_results'
]
