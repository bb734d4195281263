"""Images with a COCO json, each a video of one frame."""
import os.path as osp
from typing import Dict, List

from mmdet.datasets import CocoDataset

from ..registry import DATASETS
from .errors import DataError
from .json_video import JsonVideoDataset, find_problem, load_json


@DATASETS.register_module()
class COCOVideoDataset(JsonVideoDataset):
    """Reads the native COCO instances json; every image is a video of one frame.

    The transform ``PseudoVideo`` makes clips of it. Crowd regions (``iscrowd``) are left out, and
    so are images without a mask unless ``test_mode`` is set.

    Args:
        ann_file: The json.
        data_prefix: ``img``: the folder that ``file_name`` is relative to.
        dataset_name, task, exhaustive, **kwargs: As in :class:`BaseVideoDataset`; a config with
            other categories than COCO's sets ``metainfo=dict(classes=(...))``.

    Raises:
        DataError: Naming the json, the entry and the cure.
    """
    LAYOUT = 'COCO'
    METAINFO = CocoDataset.METAINFO

    def __init__(self, *args, data_prefix: Dict[str, str], dataset_name: str = 'coco',
                 task: str = 'unprompted', exhaustive: bool = True, **kwargs) -> None:
        super().__init__(*args, data_prefix=data_prefix, dataset_name=dataset_name, task=task,
                         exhaustive=exhaustive, **kwargs)

    def load_data_list(self) -> List[Dict]:
        content = load_json(self.ann_file, self.LAYOUT)
        labels = self._read_categories(content)
        images = {}
        for raw in self._get(content, 'images', 'the file'):
            image = self._read_image(raw)
            images[image['video_id']] = image
        for raw in self._get(content, 'annotations', 'the file'):
            if not raw.get('iscrowd', 0):
                self._add_object(images, labels, raw)
        return list(images.values())

    def _read_image(self, raw: Dict) -> Dict:
        image_id = self._get(raw, 'id', 'an image')
        owner = f'image {image_id}'
        file_name = self._get(raw, 'file_name', owner)
        return dict(
            video_id=image_id,
            video_name=osp.splitext(file_name)[0],
            height=self._get(raw, 'height', owner),
            width=self._get(raw, 'width', owner),
            img_paths=[osp.join(self.data_prefix['img'], file_name)],
            annotated_frames=[0],
            objects=[])

    def _add_object(self, images: Dict[int, Dict], labels: Dict[int, int], raw: Dict) -> None:
        object_id = self._get(raw, 'id', 'an annotation')
        owner = f'annotation {object_id}'
        image_id = self._get(raw, 'image_id', owner)
        segmentation = self._get(raw, 'segmentation', owner)
        label = self._category_label(raw, labels, owner)
        if image_id not in images:
            raise DataError(f'{self.ann_file}: {owner} names the image {image_id}, which is not '
                            'among the images; remove it or add the image')
        image = images[image_id]
        if isinstance(segmentation, list):
            # COCO has some polygons of two points, which enclose nothing.
            segmentation = [polygon for polygon in segmentation if len(polygon) >= 6]
        problem = find_problem(segmentation, image['height'], image['width'])
        if problem:
            raise DataError(f'{self.ann_file}: {owner}: {problem}')
        if segmentation:
            image['objects'].append(
                dict(object_id=object_id, label=label, segmentations=[segmentation]))
