"""DAVIS 2016 at 240 lines, one object a video, trained at half of that."""
dataset = dict(
    type='DAVISDataset',
    dataset_name='davis2016',
    data_root='data/davis2016-240p/',
    data_prefix=dict(img='JPEGImages/240p', mask='Annotations/240p'))

train_pipeline = [
    dict(type='SampleClip', length=5, strides=(1, 4), reverse_prob=0.5),
    dict(type='ClipResize', short_side=[120, 136, 152]),
    dict(type='LoadClipFrames'),
    dict(type='LoadClipMasks'),
    dict(type='ClipCrop', size=(112, 176)),
    dict(type='ClipFlip', prob=0.5),
    dict(type='ClipColorJitter', brightness=0.3, contrast=0.3, saturation=0.3),
    dict(type='PackClip'),
]
test_pipeline = [dict(type='LazyFrames', short_side=120), dict(type='PackVideo')]

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='MultiSourceSampler'),
    dataset=dict(ann_file='ImageSets/train.txt', pipeline=train_pipeline, **dataset))
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(ann_file='ImageSets/val.txt', test_mode=True, pipeline=test_pipeline, **dataset))
val_evaluator = dict(type='VOSMetric')
test_dataloader = val_dataloader
test_evaluator = val_evaluator
