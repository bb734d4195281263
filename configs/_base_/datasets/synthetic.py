"""The synthetic set that tools/dataset_converters/make_synthetic.py writes: both tasks."""
data_root = 'data/synthetic/ytvis/'

train_pipeline = [
    dict(type='SampleClip', length=5, strides=(1, 2), reverse_prob=0.5),
    dict(type='LoadClipFrames'),
    dict(type='LoadClipMasks'),
    dict(type='ClipFlip', prob=0.5),
    dict(type='PackClip'),
]
test_pipeline = [dict(type='LazyFrames'), dict(type='PackVideo')]
dataset = dict(type='YouTubeVISDataset', dataset_name='synthetic', data_root=data_root)
val_set = dict(
    ann_file='val.json', data_prefix=dict(img='val/JPEGImages/'), test_mode=True,
    pipeline=test_pipeline, **dataset)
test_set = dict(
    ann_file='test.json', data_prefix=dict(img='test/JPEGImages/'), test_mode=True,
    pipeline=test_pipeline, **dataset)

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='MultiSourceSampler'),
    dataset=dict(
        ann_file='train.json', data_prefix=dict(img='train/JPEGImages/'), pipeline=train_pipeline,
        **dataset))
# Every video twice: found without being told, and followed from its first masks.
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ConcatDataset', datasets=[
        dict(task='unprompted', **val_set), dict(task='prompted', **val_set)]))
val_evaluator = [dict(type='VISMetric', ann_file=data_root + 'val.json'), dict(type='VOSMetric')]
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ConcatDataset', datasets=[
        dict(task='unprompted', **test_set), dict(task='prompted', **test_set)]))
test_evaluator = [dict(type='VISMetric', ann_file=data_root + 'test.json'), dict(type='VOSMetric')]
