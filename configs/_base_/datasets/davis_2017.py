"""DAVIS 2017, semi-supervised: objects are followed from their first masks."""
dataset = dict(
    type='DAVISDataset',
    dataset_name='davis2017',
    data_root='data/DAVIS/',
    data_prefix=dict(img='JPEGImages/480p', mask='Annotations/480p'))

train_pipeline = [
    dict(type='SampleClip', length=5, strides=(1, 5), reverse_prob=0.5),
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
    dataset=dict(ann_file='ImageSets/2017/train.txt', pipeline=train_pipeline, **dataset))
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        ann_file='ImageSets/2017/val.txt', test_mode=True, pipeline=test_pipeline, **dataset))
val_evaluator = dict(type='VOSMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
