"""Stage 3, long clips: 16 frames of stage 2's sources and DAVIS 2017, without the backbone."""
_base_ = [
    '../_base_/models/ausm_swin-l.py', '../_base_/models/heads_stage3.py',
    '../_base_/datasets/stage3_mix.py', '../_base_/schedules/ausm_40k.py',
    '../_base_/default_runtime.py'
]
model = dict(
    backbone=dict(init_cfg=None), frozen=['backbone', 'pixel_encoder'],
    head=dict(num_classes=_base_.num_classes))
load_from = 'work_dirs/ausm_swin-l_stage2/iter_32000.pth'
default_hooks = dict(hand_over=dict(new=['head.classifiers.heads']))
