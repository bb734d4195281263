"""YouTube-VIS 2021 in its official layout: train/instances.json, train/JPEGImages, and so on.

The official annotation of the valid split has no masks; testing needs a json that has them.
"""
data_root = 'data/youtube_vis_2021/'
dataset = dict(
    type='YouTubeVIS2021Dataset', dataset_name='youtube_vis_2021', data_root=data_root)

train_pipeline = [
    dict(type='SampleClip', length=5, strides=(1, 3), reverse_prob=0.5),
    dict(type='ClipResize', short_side=[480, 576, 672, 768, 864, 960, 1024], max_long_side=1820),
    dict(type='LoadClipFrames'),
    dict(type='LoadClipMasks'),
    dict(type='ClipCrop', size=(640, 960)),
    dict(type='ClipFlip', prob=0.5),
    dict(type='PackClip'),
]
test_pipeline = [dict(type='LazyFrames', short_side=1024), dict(type='PackVideo')]

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='MultiSourceSampler'),
    dataset=dict(
        ann_file='train/instances.json', data_prefix=dict(img='train/JPEGImages'),
        pipeline=train_pipeline, **dataset))
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        ann_file='valid/instances.json', data_prefix=dict(img='valid/JPEGImages'), test_mode=True,
        pipeline=test_pipeline, **dataset))
test_evaluator = dict(type='VISMetric', ann_file=data_root + 'valid/instances.json')
