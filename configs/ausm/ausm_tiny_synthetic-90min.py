"""Longer clips and more iterations than the 10-minute config; about an hour on two CPU cores."""
_base_ = 'ausm_tiny_synthetic-10min.py'
max_iters = 5600

train_dataloader = dict(
    batch_size=3,
    dataset=dict(pipeline=[
        dict(type='SampleClip', length=8, strides=(1, 2), reverse_prob=0.5),
        *_base_.train_pipeline[1:],
    ]))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(type='LinearLR', start_factor=1.0, end_factor=0.02, by_epoch=False,
         begin=max_iters * 3 // 5, end=max_iters),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
