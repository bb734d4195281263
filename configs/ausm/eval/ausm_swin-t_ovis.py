"""OVIS: the 20 best objects of a frame."""
_base_ = [
    '../../_base_/models/ausm_swin-t.py', '../../_base_/models/heads_stage3.py',
    '../../_base_/datasets/ovis.py', '../../_base_/schedules/ausm_40k.py',
    '../../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes), max_per_frame=20)
val_cfg = None
