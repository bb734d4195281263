"""The paper's three stages with Swin-B, from a COCO Mask2Former (checkpoints/)."""
stages = [
    dict(name='stage1', config='../ausm/ausm_swin-b_stage1.py'),
    dict(name='stage2', config='../ausm/ausm_swin-b_stage2.py'),
    dict(name='stage3', config='../ausm/ausm_swin-b_stage3.py'),
]
