"""Stage 1, pseudo-videos: every COCO image as a clip of 3 frames, from a COCO Mask2Former."""
_base_ = [
    '../_base_/models/ausm_swin-s.py', '../_base_/datasets/coco_pseudo_video.py',
    '../_base_/schedules/ausm_147k.py', '../_base_/default_runtime.py'
]
model = dict(backbone=dict(init_cfg=None), head=dict(num_classes=dict(coco=80)))
load_from = 'checkpoints/mask2former_swin-s_coco.pth'
default_hooks = dict(hand_over=dict(new=[
    'first_feature', 'marker', 'compressor', 'history_decoder', 'head.id_embed']))
val_cfg = test_cfg = None
