import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from pycocotools import mask as mask_util

from ausm_mm.datasets import DataError, DAVISDataset, YouTubeVISDataset
from ausm_mm.datasets.transforms import FrameSequence
from ausm_mm.structures import ClipDataSample, Track

TEST = [dict(type='LazyFrames'), dict(type='PackVideo')]


def train(length):
    return [dict(type='SampleClip', length=length), dict(type='LoadClipFrames'),
            dict(type='LoadClipMasks'), dict(type='PackClip')]


def ytvis(root, **kwargs):
    return YouTubeVISDataset(
        data_root=str(root), ann_file='ann.json', data_prefix=dict(img='images'), **kwargs)


def davis(root, **kwargs):
    return DAVISDataset(
        data_root=str(root), ann_file='list.txt', data_prefix=dict(img='img', mask='mask'),
        **kwargs)


def test_training_clip(tiny_ytvis):
    item = ytvis(tiny_ytvis, pipeline=train(3))[0]
    inputs, sample = item['inputs'], item['data_samples']
    assert inputs.dtype == torch.uint8 and inputs.shape == (3, 3, 4, 6) and inputs.is_contiguous()
    assert inputs[:, 0, 0, 0].tolist() == [0, 10, 20]
    assert isinstance(sample, ClipDataSample)
    instances = sample.gt_instances
    assert instances.masks.dtype == torch.bool and instances.masks.shape == (2, 3, 4, 6)
    assert instances.masks.sum(dim=(2, 3)).tolist() == [[4, 0, 4], [0, 12, 0]]
    assert instances.labels.dtype == torch.long and instances.labels.tolist() == [1, 0]
    assert instances.object_ids.dtype == torch.long and instances.object_ids.tolist() == [11, 12]
    meta = sample.metainfo
    assert 0 <= meta.pop('seed') < 2**63
    assert meta == dict(
        dataset_name='youtube_vis', task='unprompted', exhaustive=True, video_id=1,
        video_name='one', frame_ids=[0, 1, 2], ori_shape=(4, 6), img_shape=(4, 6),
        classes=('a', 'b'), img_paths=[str(tiny_ytvis / f'images/one/{t}.png') for t in range(3)])


def test_seed_of_a_training_clip_is_drawn(tiny_ytvis):
    dataset = ytvis(tiny_ytvis, pipeline=train(1))
    seeds = []
    for state in (0, 0, 1):
        np.random.seed(state)
        seeds.append(dataset[0]['data_samples'].seed)
    assert seeds[0] == seeds[1] != seeds[2]


def test_objects_without_a_pixel_are_dropped(tiny_ytvis):
    np.random.seed(0)
    dataset = ytvis(tiny_ytvis, pipeline=train(1))
    seen = {tuple(s.frame_ids): s.gt_instances.object_ids.tolist()
            for s in (dataset[0]['data_samples'] for _ in range(30))}
    assert seen == {(0, ): [11], (1, ): [12], (2, ): [11]}


def test_clip_without_any_object(tiny_ytvis):
    dataset = ytvis(tiny_ytvis, pipeline=train(2), test_mode=True)
    instances = dataset[1]['data_samples'].gt_instances
    assert instances.masks.shape == (0, 2, 4, 6)
    assert instances.labels.shape == instances.object_ids.shape == (0, )
    assert dataset[1]['data_samples'].frame_ids == [0, 0]  # the video has one frame


def test_flipped_clip_packs(tiny_ytvis):
    pipeline = train(3)
    pipeline.insert(3, dict(type='ClipFlip', prob=1.))
    masks = ytvis(tiny_ytvis, pipeline=pipeline)[0]['data_samples'].gt_instances.masks
    assert masks[0, 0].nonzero().tolist() == [[0, 4], [0, 5], [1, 4], [1, 5]]


def test_unprompted_video(tiny_ytvis):
    item = ytvis(tiny_ytvis, pipeline=TEST, test_mode=True)[0]
    sample = item['data_samples']
    assert isinstance(item['inputs'], FrameSequence) and len(item['inputs']) == 3
    assert 'prompts' not in sample and 'gt_instances' not in sample
    assert sample.annotated_frames == sample.frame_ids == [0, 1, 2]
    first, second = sample.gt_tracks
    assert isinstance(first, Track)
    assert (first.object_id, first.label, first.score) == (11, 1, 1.0)
    assert [s is None for s in first.segmentations] == [False, True, False]
    assert [s is None for s in second.segmentations] == [True, False, True]
    assert first.segmentations[0]['size'] == [4, 6]
    assert isinstance(first.segmentations[0]['counts'], bytes)
    assert mask_util.decode(second.segmentations[1])[1:4, 2:6].all()


def test_video_without_objects_has_no_tracks(tiny_ytvis):
    sample = ytvis(tiny_ytvis, pipeline=TEST, test_mode=True)[1]['data_samples']
    assert sample.gt_tracks == []


def test_prompts_are_first_masks_and_nothing_else(tiny_davis):
    sample = davis(tiny_davis, pipeline=TEST, test_mode=True)[0]['data_samples']
    assert sample.annotated_frames == [0, 2, 3]
    assert {t: [track.object_id for track in tracks] for t, tracks in sample.prompts.items()} == {
        0: [1], 2: [4]}
    for frame, tracks in sample.prompts.items():
        for track in tracks:
            assert [t for t, s in enumerate(track.segmentations) if s is not None] == [frame]
    truth = {track.object_id: track for track in sample.gt_tracks}
    assert [s is None for s in truth[1].segmentations] == [False, True, False, True]
    assert [s is None for s in truth[4].segmentations] == [True, True, False, True]
    assert mask_util.decode(sample.prompts[2][0].segmentations[2]).nonzero()[0].tolist() == [2] * 3


def test_prompted_video_without_a_mask(tiny_ytvis):
    dataset = ytvis(tiny_ytvis, pipeline=TEST, test_mode=True, task='prompted')
    assert sorted(dataset[0]['data_samples'].prompts) == [0, 1]
    with pytest.raises(DataError, match="ann.json: video two has no mask to prompt with"):
        dataset[1]


def test_broken_mask_names_the_video(tiny_davis):
    dataset = davis(tiny_davis, pipeline=TEST, test_mode=True)
    (tiny_davis / 'mask/late/00002.png').write_bytes(b'')
    with pytest.raises(DataError, match='list.txt: video late: .*00002.png: is not a readable'):
        dataset[0]


def test_collating_keeps_the_frame_sequence(tiny_ytvis):
    item = ytvis(tiny_ytvis, pipeline=TEST, test_mode=True)[0]
    batch = pseudo_collate([item])
    assert batch['inputs'] == [item['inputs']]
    assert isinstance(batch['data_samples'][0], ClipDataSample)


def test_real_video(shared_data):
    dataset = DAVISDataset(
        data_root=str(shared_data / 'davis2016-240p'), ann_file='ImageSets/val.txt',
        data_prefix=dict(img='JPEGImages/240p', mask='Annotations/240p'), test_mode=True,
        pipeline=[dict(type='LazyFrames', short_side=120), dict(type='PackVideo')])
    item = dataset[0]
    sample = item['data_samples']
    assert item['inputs'][0].shape == (3, 120, 214) and sample.img_shape == (120, 214)
    assert sample.ori_shape == (240, 427)
    assert list(sample.prompts) == [0] and len(sample.gt_tracks) == 1
    assert all(s['size'] == [240, 427] for s in sample.gt_tracks[0].segmentations)
    share = mask_util.area(sample.gt_tracks[0].segmentations[0]) / (240 * 427)
    assert 0.02 < share < 0.5  # the swan
