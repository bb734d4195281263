"""The paper's three stages with Swin-L, from a COCO Mask2Former (checkpoints/)."""
stages = [
    dict(name='stage1', config='../ausm/ausm_swin-l_stage1.py'),
    dict(name='stage2', config='../ausm/ausm_swin-l_stage2.py'),
    dict(name='stage3', config='../ausm/ausm_swin-l_stage3.py'),
]
