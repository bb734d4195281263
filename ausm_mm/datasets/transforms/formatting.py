"""Packing a clip or a video as the model takes it."""
from typing import Dict, List

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData

from ...registry import TRANSFORMS
from ...structures import ClipDataSample, Track
from ..errors import DataError
from ..masks import encode_mask, video_masks

_META_KEYS = ('dataset_name', 'task', 'exhaustive', 'video_id', 'video_name', 'frame_ids',
              'ori_shape', 'img_shape', 'classes')


def _data_sample(results: Dict) -> ClipDataSample:
    meta = {key: results[key] for key in _META_KEYS}
    meta['img_paths'] = [results['img_paths'][t] for t in results['frame_ids']]
    return ClipDataSample(metainfo=meta)


@TRANSFORMS.register_module()
class PackClip(BaseTransform):
    """Packs a training clip: ``inputs`` is a uint8 tensor (T, 3, h, w), ``data_samples`` a
    :class:`ClipDataSample` with ``gt_instances``. Objects without a pixel are dropped.

    Its metainfo also has ``seed`` (int), the source of what the model draws at random for the clip.
    """

    def transform(self, results: Dict) -> Dict:
        frames = np.ascontiguousarray(results['frames'].transpose(0, 3, 1, 2))  # (T, 3, h, w)
        masks, seen = results['masks'], results['masks'].any(axis=(1, 2, 3))
        if not seen.all():
            masks = masks[seen]
        data_sample = _data_sample(results)
        data_sample.set_metainfo(dict(seed=int(np.random.randint(2**63))))
        data_sample.gt_instances = InstanceData(
            masks=torch.from_numpy(np.ascontiguousarray(masks)),
            labels=torch.from_numpy(results['labels'][seen]),
            object_ids=torch.from_numpy(results['object_ids'][seen]))
        return dict(inputs=torch.from_numpy(frames), data_samples=data_sample)


@TRANSFORMS.register_module()
class PackVideo(BaseTransform):
    """Packs a test video: ``inputs`` is a :class:`FrameSequence`, ``data_samples`` a
    :class:`ClipDataSample` with ``gt_tracks`` and, for prompted data, ``prompts``.

    Its metainfo also has ``annotated_frames``: the frames whose masks are known, and, where the
    data set tells, ``seen_objects``: object id -> whether the training split has its category.

    Raises:
        DataError: If a mask is malformed, or a prompted video has no object to prompt with.
    """

    def transform(self, results: Dict) -> Dict:
        data_sample = _data_sample(results)
        data_sample.set_metainfo(dict(annotated_frames=results['annotated_frames']))
        seen = {obj['object_id']: obj['seen'] for obj in results['objects'] if 'seen' in obj}
        if seen:
            data_sample.set_metainfo(dict(seen_objects=seen))
        data_sample.gt_tracks = self._tracks(results)
        if results['task'] == 'prompted':
            data_sample.prompts = self._prompts(data_sample.gt_tracks)
            if not data_sample.prompts:
                raise DataError(f"{results['ann_file']}: video {results['video_name']} has no mask "
                                "to prompt with; add one or use task='unprompted'")
        return dict(inputs=results['frames'], data_samples=data_sample)

    @staticmethod
    def _tracks(results: Dict) -> List[Track]:
        """The annotation of the whole video, without objects that have no pixel."""
        tracks = [Track(obj['object_id'], obj['label'], 1.0, []) for obj in results['objects']]
        for t in range(len(results['img_paths'])):
            for track, mask in zip(tracks, video_masks(results, t), strict=True):
                track.segmentations.append(encode_mask(mask))
        return [track for track in tracks if any(track.segmentations)]

    @staticmethod
    def _prompts(tracks: List[Track]) -> Dict[int, List[Track]]:
        """First frame of each object -> the objects given there, with no mask but that one."""
        prompts: Dict[int, List[Track]] = {}
        for track in tracks:
            first = next(t for t, rle in enumerate(track.segmentations) if rle is not None)
            only_first = [rle if t == first else None for t, rle in enumerate(track.segmentations)]
            prompts.setdefault(first, []).append(
                Track(track.object_id, track.label, track.score, only_first))
        return prompts
