"""What all video data sets share."""
from typing import Dict, List, Tuple

from mmengine.dataset import BaseDataset

from .errors import DataError
from .samplers import seeded_by

TASKS = ('unprompted', 'prompted')
# More unreadable items in a row than this are no accident.
_MAX_UNREADABLE = 10


class BaseVideoDataset(BaseDataset):
    """A data set whose items are videos; one subclass for each annotation format.

    ``load_data_list`` returns one dict for each video::

        dict(video_id=int, video_name=str, height=int, width=int, img_paths=[str] * n_frames,
             annotated_frames=[int, ...],  # frames whose masks are known, all or some
             objects=[dict(object_id=int, label=int, segmentations=[...] * n_frames), ...])

    where an entry of ``segmentations`` is an RLE, polygons, the path of a label-map PNG, or None
    where the object is absent; or, for training, ``dict(unreadable=message)`` of a video with a
    damaged file. It must set ``self.metainfo['classes']`` unless the config does.
    Training and testing differ by the pipeline, and by ``test_mode``: without it, videos without
    any object are left out, and another item takes the place of one that cannot be read. What is
    drawn at random for an index of a :class:`~.samplers.MultiSourceSampler` depends on nothing but
    its place in the stream, so that training can be resumed exactly.

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
            videos = [video for video in videos if video.get('objects') or 'unreadable' in video]
        if not videos:
            kind = 'video' if self.test_mode else 'video with an annotated object'
            raise DataError(f'{self.ann_file or self.data_root}: holds no {kind}; '
                            'is it the right split?')
        return videos

    def get_data_info(self, idx: int) -> Dict:
        info = super().get_data_info(idx)
        if 'unreadable' in info:
            raise DataError(info['unreadable'])
        info.update(
            ann_file=self.ann_file or self.data_root,  # for error messages
            dataset_name=self.dataset_name,
            task=self.task,
            exhaustive=self.exhaustive,
            classes=tuple(self._metainfo['classes']))
        return info

    def __getitem__(self, idx: int) -> Dict:
        with seeded_by(idx):
            return super().__getitem__(idx) if self.test_mode else self._training_item(int(idx))

    def _training_item(self, idx: int) -> Dict:
        """An item of the pipeline. If others were drawn before it that cannot be read, its sample
        has the metainfo ``unreadable``: their (index, error message) in order."""
        unreadable: List[Tuple[int, str]] = []
        for _ in range(self.max_refetch + 1):
            try:
                item = self.prepare_data(idx)
            except DataError as error:
                unreadable.append((idx, str(error)))
                if len(unreadable) == _MAX_UNREADABLE:
                    raise
                item = None
            if item is not None:
                if unreadable:
                    item['data_samples'].set_metainfo(dict(unreadable=unreadable))
                return item
            idx = self._rand_another()
        raise DataError(f'{self.ann_file or self.data_root}: {self.max_refetch} videos drawn, and '
                        'none has an object; is it the right split?')
