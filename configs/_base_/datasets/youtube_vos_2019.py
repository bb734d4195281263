"""YouTube-VOS 2019 in its official layout; annotated at 6 frames a second.

The valid split has the first mask of each object only: a server scores the result.
"""
dataset = dict(
    type='YouTubeVOSDataset', dataset_name='youtube_vos_2019', data_root='data/youtube_vos_2019/')

train_pipeline = [
    dict(type='SampleClip', length=5, strides=(1, 3), reverse_prob=0.5),
    dict(type='ClipResize', short_side=[480, 576, 672, 768, 864, 960, 1024], max_long_side=1820),
    dict(type='LoadClipFrames'),
    dict(type='LoadClipMasks'),
    dict(type='ClipCrop', size=(640, 960)),
    dict(type='ClipFlip', prob=0.5),
    dict(type='ClipColorJitter', brightness=0.2, contrast=0.2, saturation=0.2),
    dict(type='PackClip'),
]
test_pipeline = [dict(type='LazyFrames', short_side=1024), dict(type='PackVideo')]

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='MultiSourceSampler'),
    dataset=dict(
        ann_file='train/meta.json',
        data_prefix=dict(img='train/JPEGImages', mask='train/Annotations'),
        pipeline=train_pipeline, **dataset))
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        ann_file='valid/meta.json',
        data_prefix=dict(img='valid/JPEGImages', mask='valid/Annotations'), test_mode=True,
        pipeline=test_pipeline, **dataset))
test_evaluator = dict(type='VOSMetric', skip_last=False)
