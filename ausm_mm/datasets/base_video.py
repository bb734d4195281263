"""What all video data sets share."""
from typing import Dict, List

from mmengine.dataset import BaseDataset

from .errors import DataError

TASKS = ('unprompted', 'prompted')


class BaseVideoDataset(BaseDataset):
    """A data set whose items are videos; one subclass for each annotation format.

    ``load_data_list`` returns one dict for each video::

        dict(video_id=int, video_name=str, height=int, width=int, img_paths=[str] * n_frames,
             annotated_frames=[int, ...],  # frames whose masks are known, all or some
             objects=[dict(object_id=int, label=int, segmentations=[...] * n_frames), ...])

    where an entry of ``segmentations`` is an RLE, polygons, the path of a label-map PNG, or None
    where the object is absent. It must set ``self.metainfo['classes']`` unless the config does.
    Training and testing differ by the pipeline, and by ``test_mode``: without it, videos without
    any object are left out.

    Args:
        dataset_name: Picks the classification head.
        task: ``'unprompted'`` or ``'prompted'``.
        exhaustive: Whether the masks cover every object of the data set's classes; without it
            there is no detection loss.
        **kwargs: As in :class:`mmengine.dataset.BaseDataset`.

    Raises:
        DataError: If a file is missing or malformed, or no video is left.
    """

    def __init__(self, *args, dataset_name: str, task: str, exhaustive: bool, **kwargs) -> None:
        if task not in TASKS:
            raise DataError(f'task={task!r} of the data set {dataset_name}: must be one of {TASKS}')
        self.dataset_name = dataset_name
        self.task = task
        self.exhaustive = exhaustive
        super().__init__(*args, **kwargs)

    def filter_data(self) -> List[Dict]:
        videos = self.data_list
        if not self.test_mode:
            videos = [video for video in videos if video['objects']]
        if not videos:
            kind = 'video' if self.test_mode else 'video with an annotated object'
            raise DataError(f'{self.ann_file or self.data_root}: holds no {kind}; '
                            'is it the right split?')
        return videos

    def get_data_info(self, idx: int) -> Dict:
        info = super().get_data_info(idx)
        info.update(
            ann_file=self.ann_file or self.data_root,  # for error messages
            dataset_name=self.dataset_name,
            task=self.task,
            exhaustive=self.exhaustive,
            classes=tuple(self._metainfo['classes']))
        return info
