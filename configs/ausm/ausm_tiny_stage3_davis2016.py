"""The small stage 3 with real videos beside the synthetic ones: DAVIS 2016 at 240p."""
_base_ = 'ausm_tiny_stage3.py'
davis = dict(
    type='DAVISDataset', dataset_name='davis2016', data_root='data/davis2016-240p/',
    ann_file='ImageSets/train.txt',
    data_prefix=dict(img='JPEGImages/240p', mask='Annotations/240p'),
    pipeline=[
        dict(type='SampleClip', length=16, strides=(1, 2), reverse_prob=0.5),
        dict(type='ClipResize', short_side=[64, 72, 80]),
        dict(type='LoadClipFrames'),
        dict(type='LoadClipMasks'),
        dict(type='ClipCrop', size=(64, 96)),
        dict(type='ClipFlip', prob=0.5),
        dict(type='ClipColorJitter', brightness=0.3, contrast=0.3, saturation=0.3),
        dict(type='PackClip'),
    ])

model = dict(head=dict(num_classes=dict(davis2016=1)))
train_dataloader = dict(
    sampler=dict(ratios=[1, 3, 1]),
    dataset=dict(datasets=[*_base_.train_dataloader.dataset.datasets, davis]))
