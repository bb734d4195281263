"""The three stages in small, on synthetic videos: 15 minutes on two CPU cores."""
stages = [
    dict(name='stage1', config='../ausm/ausm_tiny_stage1.py'),
    dict(name='stage2', config='../ausm/ausm_tiny_stage2.py'),
    dict(name='stage3', config='../ausm/ausm_tiny_stage3.py'),
]
