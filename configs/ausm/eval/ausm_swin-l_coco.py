"""COCO val 2017: the foreground threshold of the paper for images."""
_base_ = [
    '../../_base_/models/ausm_swin-l.py', '../../_base_/models/heads_stage3.py',
    '../../_base_/datasets/coco.py', '../../_base_/schedules/ausm_40k.py',
    '../../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes), tracker=dict(foreground_threshold=0.9))
val_cfg = None
