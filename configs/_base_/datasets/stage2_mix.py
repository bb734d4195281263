"""Stage 2: clips of 5 frames of COCO, MOSE, SA-V, YouTube-VIS 2019 and 2021, OVIS."""
_base_ = './sources.py'

train_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    # Choice: the paper names no ratios. Every source alike, however many items it has.
    sampler=dict(type='MultiSourceSampler', ratios=[1, 1, 1, 1, 1, 1]),
    dataset=dict(type='MultiSourceDataset', datasets=_base_.sources))
