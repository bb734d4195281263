"""Stage 3: stage 2's sources and DAVIS 2017 in clips of 16 frames, tested on DAVIS 2017 val."""
_base_ = ['./sources.py', './davis_2017.py']


def longer(step):
    return dict(step, length=16) if step.get('length', 1) > 1 else step


train_dataloader = dict(
    # Choice: a quarter of the others' share for DAVIS, which has 60 videos.
    sampler=dict(ratios=[1, 1, 1, 1, 1, 1, 0.25]),
    dataset=dict(_delete_=True, type='MultiSourceDataset', datasets=[
        dict(source, pipeline=[longer(step) for step in source.pipeline])
        for source in [*_base_.sources, _base_.train_dataloader.dataset]]))
