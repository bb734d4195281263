"""AUSM on Mask2Former's Swin-S: Swin-T with 18 blocks in its third stage."""
_base_ = './ausm_swin-t.py'
model = dict(
    backbone=dict(
        arch='small',
        init_cfg=dict(
            checkpoint='https://download.openmmlab.com/mmclassification/v0/swin-transformer/'
            'convert/swin_small_patch4_window7_224-cc7a01c9.pth')))
