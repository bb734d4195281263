"""What travels beside the pixels of one clip or video."""
from dataclasses import dataclass
from typing import Dict, List, Optional

from mmengine.structures import BaseDataElement, InstanceData


@dataclass
class Track:
    """One object over the frames of a video, as result files and metrics take it.

    Args:
        object_id: The data set's object id; for objects the model found itself, 1, 2, ... in the
            order of discovery.
        label: Index into the data set's classes.
        score: Confidence in [0, 1]; 1.0 for ground truth and prompted objects.
        segmentations: One entry per frame of the video: a compressed COCO RLE
            (``{'size': [H, W], 'counts': bytes}``) at the original resolution, or ``None`` where
            the object is absent.
    """
    object_id: int
    label: int
    score: float
    segmentations: List[Optional[Dict]]


class ClipDataSample(BaseDataElement):
    """Annotations and predictions of one clip (training) or one whole video (testing).

    Metainfo (set with ``set_metainfo``):
        dataset_name (str): Picks the classification head.
        task (str): ``'unprompted'`` or ``'prompted'``.
        exhaustive (bool): Whether the masks cover every object of the frames; without it there is
            no detection loss.
        video_id, video_name: As in the annotation.
        frame_ids (list[int]): Indices of the T frames within the video, 0-based.
        img_paths (list[str]): Their files.
        ori_shape (tuple[int, int]): Height and width of the stored frames.
        img_shape (tuple[int, int]): Height and width after the pipeline, before padding.
        classes (tuple[str]): Class names of the data set.
        seed (int): Training only: source of what the model draws at random for the clip.
        unreadable (list[tuple[int, str]]): Training only, and only where this item took the place
            of others: index in the data set and error message of each.

    Data:
        gt_instances (InstanceData): Training only. ``masks`` bool tensor (N, T, H, W), ``labels``
            long (N,), ``object_ids`` long (N,).
        gt_tracks (list[Track]): Testing only: the annotation of the whole video.
        prompts (dict[int, list[Track]]): Testing of prompted data only: position of the frame in
            the video -> the objects given in that frame (their mask is ``segmentations[frame]``).
        pred_tracks (list[Track]): Set by the model.
    """

    @property
    def gt_instances(self) -> InstanceData:
        return self._gt_instances

    @gt_instances.setter
    def gt_instances(self, value: InstanceData) -> None:
        self.set_field(value, '_gt_instances', dtype=InstanceData)

    @property
    def gt_tracks(self) -> List[Track]:
        return self._gt_tracks

    @gt_tracks.setter
    def gt_tracks(self, value: List[Track]) -> None:
        self.set_field(value, '_gt_tracks', dtype=list)

    @property
    def prompts(self) -> Dict[int, List[Track]]:
        return self._prompts

    @prompts.setter
    def prompts(self, value: Dict[int, List[Track]]) -> None:
        self.set_field(value, '_prompts', dtype=dict)

    @property
    def pred_tracks(self) -> List[Track]:
        return self._pred_tracks

    @pred_tracks.setter
    def pred_tracks(self, value: List[Track]) -> None:
        self.set_field(value, '_pred_tracks', dtype=list)
