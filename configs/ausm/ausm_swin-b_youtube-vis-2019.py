"""Unprompted on YouTube-VIS 2019; half of the training clips are given their first masks."""
_base_ = [
    '../_base_/models/ausm_swin-b.py', '../_base_/datasets/youtube_vis_2019.py',
    '../_base_/schedules/ausm_32k.py', '../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=dict(youtube_vis_2019=40)), max_per_frame=10)
val_cfg = None  # the annotations of the valid split are hidden
