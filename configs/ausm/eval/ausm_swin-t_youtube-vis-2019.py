"""YouTube-VIS 2019: the 10 best objects of a frame."""
_base_ = [
    '../../_base_/models/ausm_swin-t.py', '../../_base_/models/heads_stage3.py',
    '../../_base_/datasets/youtube_vis_2019.py', '../../_base_/schedules/ausm_40k.py',
    '../../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=_base_.num_classes), max_per_frame=10)
val_cfg = None
