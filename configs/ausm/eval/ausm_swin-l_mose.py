"""MOSE: the first masks are followed."""
_base_ = [
    '../../_base_/models/ausm_swin-l.py', '../../_base_/models/heads_stage3.py',
    '../../_base_/datasets/mose.py', '../../_base_/schedules/ausm_40k.py',
    '../../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes))
val_cfg = None
