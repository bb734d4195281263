"""The three stages in small; the third one adds the real videos of DAVIS 2016."""
stages = [
    dict(name='stage1', config='../ausm/ausm_tiny_stage1.py'),
    dict(name='stage2', config='../ausm/ausm_tiny_stage2.py'),
    dict(name='stage3', config='../ausm/ausm_tiny_stage3_davis2016.py'),
]
