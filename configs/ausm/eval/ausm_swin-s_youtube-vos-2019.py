"""YouTube-VOS 2019: the first mask of each object is followed."""
_base_ = [
    '../../_base_/models/ausm_swin-s.py', '../../_base_/models/heads_stage3.py',
    '../../_base_/datasets/youtube_vos_2019.py', '../../_base_/schedules/ausm_40k.py',
    '../../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes))
# The stages do not train on it, so it has no head of its own: any of the one class 'object' does.
train_dataloader = test_dataloader = dict(dataset=dict(dataset_name='mose'))
val_cfg = None
