"""Stage 3 in small: stage 2's sources in clips of 16 frames, without the backbone."""
_base_ = 'ausm_tiny_stage2.py'
max_iters = 400


def longer(step):
    return dict(step, length=16) if step.get('length', 1) > 1 else step


model = dict(frozen=['backbone', 'pixel_encoder'])
train_dataloader = dict(
    batch_size=2,
    dataset=dict(datasets=[
        dict(source, pipeline=[longer(step) for step in source.pipeline])
        for source in _base_.train_dataloader.dataset.datasets]))
# At the other stages' rate, these few iterations lose some of stage 2's AP.
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = [
    _base_.param_scheduler[0],
    dict(_base_.param_scheduler[1], begin=max_iters * 3 // 5, end=max_iters),
]
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
load_from = 'work_dirs/ausm_tiny_stage2/iter_1400.pth'
