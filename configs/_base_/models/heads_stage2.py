"""The classification heads after stage 2: one for each data set it trained on."""
num_classes = dict(
    coco=80, mose=1, sav=1, youtube_vis_2019=40, youtube_vis_2021=40, ovis=25)
