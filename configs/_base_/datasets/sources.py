"""The sources of stages 2 and 3: the training sets of the files beside this one.

All clips have 5 frames, also those of still images, since a batch has one length.
"""


def source(name):
    from mmengine import Config  # no import at the top: mmengine would take this for another style
    dataset = Config.fromfile('{{ fileDirname }}/' + name + '.py').train_dataloader.dataset
    for step in dataset.pipeline:
        if step.get('length', 1) > 1:  # a still image is sampled as one frame
            step.length = 5
    return dataset


sources = [source(name) for name in (
    'coco_pseudo_video', 'mose', 'sav', 'youtube_vis_2019', 'youtube_vis_2021', 'ovis')]
