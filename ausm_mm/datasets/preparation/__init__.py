"""Checking, looking at, splitting and converting data sets: what ``tools/prepare_data.py`` does."""
from .catalogue import CATALOGUE, FORMATS, Source
from .coco_vid import convert_coco_video
from .contact import write_samples
from .counting import Count, count_source
from .holdout import split_json, split_list
from .labelme import convert_labelme

__all__ = [
    'CATALOGUE', 'Count', 'FORMATS', 'Source', 'convert_coco_video', 'convert_labelme',
    'count_source', 'split_json', 'split_list', 'write_samples'
]
