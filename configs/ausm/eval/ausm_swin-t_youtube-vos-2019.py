"""YouTube-VOS 2019: the first mask of each object is followed."""
_base_ = [
    '../../_base_/models/ausm_swin-t.py', '../../_base_/models/heads_stage3.py',
    '../../_base_/datasets/youtube_vos_2019.py', '../../_base_/schedules/ausm_40k.py',
    '../../_base_/default_runtime.py'
]
# The stages do not train on it: it shares a classifier of the one class 'object'.
model = dict(head=dict(num_classes=dict(_base_.num_classes, youtube_vos_2019='mose')))
val_cfg = None
