"""Stage 2 in small: pseudo-videos and synthetic videos in clips of 5 frames."""
_base_ = 'ausm_tiny_stage1.py'
max_iters = 1400

frames = _base_.train_dataloader.dataset
clips = dict(frames, pipeline=_base_.train_pipeline)
train_dataloader = dict(
    sampler=dict(ratios=[1, 3]),
    dataset=dict(_delete_=True, type='MultiSourceDataset', datasets=[
        dict(frames, pipeline=[
            dict(step, length=5) if step.type == 'PseudoVideo' else step
            for step in frames.pipeline]),
        clips,
    ]))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], begin=max_iters * 3 // 5, end=max_iters),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
load_from = 'work_dirs/ausm_tiny_stage1/iter_700.pth'
default_hooks = dict(hand_over=dict(new=['head.classifiers.heads']))
