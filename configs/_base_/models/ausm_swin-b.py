"""AUSM on Mask2Former's Swin-B: 12 x 12 windows, ImageNet-21k weights."""
_base_ = './ausm_swin-t.py'
model = dict(
    backbone=dict(
        arch='base', img_size=384, window_size=12,
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/swin-transformer/'
            'convert/swin_base_patch4_window12_384_22kto1k-d59b0d1d.pth')),
    pixel_encoder=dict(in_channels=[128, 256, 512, 1024]))
