"""Stage 1 in small: frames of the synthetic videos as pseudo-videos of 3 frames."""
_base_ = 'ausm_tiny_synthetic-10min.py'
max_iters = 700

train_dataloader = dict(dataset=dict(pipeline=[
    dict(type='SampleClip', length=1),
    dict(type='LoadClipFrames'),
    dict(type='LoadClipMasks'),
    dict(type='PseudoVideo', length=3, size=(64, 96), scales=(0.8, 1.6), max_angle=15),
    dict(type='ClipColorJitter', per_frame=True),
    dict(type='PackClip'),
]))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], begin=max_iters * 3 // 5, end=max_iters),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
