"""AUSM on Mask2Former's Swin-L: 12 x 12 windows, ImageNet-21k weights.

Mask2Former has 200 queries with this backbone, the others 100 (choice: so that its weights fit).
"""
_base_ = './ausm_swin-b.py'
model = dict(
    backbone=dict(
        arch='large',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/swin-transformer/'
            'convert/swin_large_patch4_window12_384_22kto1k-0a40944b.pth')),
    pixel_encoder=dict(in_channels=[192, 384, 768, 1536]),
    head=dict(num_queries=200))
