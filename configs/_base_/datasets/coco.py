"""COCO 2017: trained on pseudo-videos, tested on images as videos of one frame."""
_base_ = './coco_pseudo_video.py'

test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        ann_file='annotations/instances_val2017.json', data_prefix=dict(img='val2017'),
        test_mode=True, pipeline=[dict(type='LazyFrames', short_side=1024), dict(type='PackVideo')],
        **_base_.dataset))
test_evaluator = dict(
    type='COCOVideoMetric', ann_file='data/coco/annotations/instances_val2017.json')
