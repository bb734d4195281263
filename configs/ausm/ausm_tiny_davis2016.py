"""Prompted on the real videos of DAVIS 2016 at 240p, from scratch in an hour on two CPU cores."""
_base_ = [
    '../_base_/models/ausm_tiny.py', '../_base_/datasets/davis2016_240p.py',
    '../_base_/schedules/tiny.py', '../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=dict(davis2016=1)))

max_iters = 3000
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.02, by_epoch=False,
         begin=max_iters * 3 // 5, end=max_iters),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
