"""Prompted on DAVIS 2017, whose masks do not cover every object: no detection loss."""
_base_ = [
    '../_base_/models/ausm_swin-t.py', '../_base_/datasets/davis_2017.py',
    '../_base_/schedules/ausm_32k.py', '../_base_/default_runtime.py'
]
model = dict(head=dict(num_classes=dict(davis2017=1)))
