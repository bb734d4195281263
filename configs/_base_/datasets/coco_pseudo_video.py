"""COCO 2017: every image becomes a clip by random resizing, rotation, flips, crops and colours."""
dataset = dict(type='COCOVideoDataset', dataset_name='coco', data_root='data/coco/')

train_pipeline = [
    dict(type='SampleClip', length=1),
    dict(type='LoadClipFrames'),
    dict(type='LoadClipMasks'),
    dict(type='PseudoVideo', length=3, size=(640, 960), scales=(0.8, 1.6), max_angle=15),
    dict(type='ClipColorJitter', per_frame=True),
    dict(type='PackClip'),
]

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='MultiSourceSampler'),
    dataset=dict(
        ann_file='annotations/instances_train2017.json', data_prefix=dict(img='train2017'),
        pipeline=train_pipeline, **dataset))
