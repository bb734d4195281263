"""The classification heads of a model of all three stages: one for each data set it trained on."""
_base_ = './heads_stage2.py'
num_classes = dict(davis2017=1)
