"""Result files of any method: reading, scoring, checking, packing and drawing them."""
from .coco_files import score_coco_files
from .json_files import load_json, load_results
from .vis_files import evaluate_vis_files, find_vis_problems, pack_vis

__all__ = [
    'evaluate_vis_files', 'find_vis_problems', 'load_json', 'load_results', 'pack_vis',
    'score_coco_files'
]
