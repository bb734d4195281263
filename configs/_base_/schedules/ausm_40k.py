"""The length of the paper's stage 3 (long clips): steps at 90 % and 95 %."""
_base_ = './ausm_adamw.py'
max_iters = 40000

param_scheduler = dict(
    type='MultiStepLR', milestones=[max_iters * 90 // 100, max_iters * 95 // 100], gamma=0.1,
    by_epoch=False, end=max_iters)
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=4000)
