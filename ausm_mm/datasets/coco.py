"""Images with a COCO json, each a video of one frame."""
import os.path as osp
from typing import Dict, List

from mmdet.datasets import CocoDataset

from ..registry import DATASETS
from .errors import DataError
from .json_values import find_problem
from .json_video import JsonVideoDataset


@DATASETS.register_module()
class COCOVideoDataset(JsonVideoDataset):
    """Reads the native COCO instances json; every image is a video of one frame.

    The transform ``PseudoVideo`` makes clips of it. Images without a mask are left out unless
    ``test_mode`` is set. A config with other categories than COCO's sets
    ``metainfo=dict(classes=(...))``. Arguments as in :class:`~.json_video.JsonVideoDataset`.
    """
    LAYOUT = 'COCO'
    VIDEOS, VIDEO = 'images', 'image'
    METAINFO = CocoDataset.METAINFO

    def __init__(self, *args, dataset_name: str = 'coco', **kwargs) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)

    def _read_frames(self, raw: Dict, owner: str) -> Dict:
        file_name = self._get(raw, 'file_name', 'text', owner)
        return dict(
            video_name=osp.splitext(file_name)[0],
            img_paths=[osp.join(self.data_prefix['img'], file_name)],
            annotated_frames=[0])

    def _read_segmentations(self, raw: Dict, video: Dict, owner: str) -> List:
        segmentation = self._get(raw, 'segmentation', 'mask', owner)
        if isinstance(segmentation, list):
            # COCO has some polygons of two points, which enclose nothing.
            segmentation = [polygon for polygon in segmentation
                            if not isinstance(polygon, list) or len(polygon) >= 6]
        problem = find_problem(segmentation, video['height'], video['width'])
        if problem:
            raise DataError(f'{self.ann_file}: {owner}: {problem}')
        return [segmentation or None]
