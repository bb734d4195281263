"""Stage 2, short clips: 5 frames of COCO, MOSE, SA-V, YouTube-VIS 2019 and 2021, OVIS."""
_base_ = [
    '../_base_/models/ausm_swin-l.py', '../_base_/models/heads_stage2.py',
    '../_base_/datasets/stage2_mix.py', '../_base_/schedules/ausm_32k.py',
    '../_base_/default_runtime.py'
]
model = dict(backbone=dict(init_cfg=None), head=dict(num_classes=_base_.num_classes))
load_from = 'work_dirs/ausm_swin-l_stage1/iter_147500.pth'
default_hooks = dict(hand_over=dict(new=['head.classifiers.heads']))
val_cfg = test_cfg = None
