import pytest
import torch
from mmengine.structures import InstanceData

from ausm_mm.structures import ClipDataSample, Track


def test_fields_come_back_as_they_went_in():
    track = Track(object_id=4, label=1, score=0.5, segmentations=[None, dict(size=[2, 2])])
    sample = ClipDataSample(metainfo=dict(task='prompted', img_shape=(2, 2)))
    sample.gt_tracks = [track]
    sample.prompts = {1: [track]}
    sample.pred_tracks = []
    sample.gt_instances = InstanceData(labels=torch.tensor([1]))
    assert sample.gt_tracks == [track] and sample.prompts == {1: [track]}
    assert sample.pred_tracks == [] and sample.gt_instances.labels.tolist() == [1]
    assert sample.task == 'prompted' and sample.img_shape == (2, 2)


def test_to_dict_holds_what_metrics_read():
    sample = ClipDataSample(metainfo=dict(video_name='v'))
    sample.pred_tracks = []
    content = sample.to_dict()
    assert content['pred_tracks'] == [] and content['video_name'] == 'v'


@pytest.mark.parametrize('field, value', [
    ('gt_tracks', ()), ('prompts', []), ('pred_tracks', {}), ('gt_instances', {})])
def test_wrong_type_is_refused(field, value):
    with pytest.raises(AssertionError):
        setattr(ClipDataSample(), field, value)


def test_moves_between_devices():
    sample = ClipDataSample()
    sample.gt_instances = InstanceData(masks=torch.ones(1, 2, 3, 3))
    sample.gt_tracks = [Track(1, 0, 1., [])]
    moved = sample.to('meta')
    assert moved.gt_instances.masks.device.type == 'meta'
    assert moved.gt_tracks == sample.gt_tracks
    assert sample.gt_instances.masks.device.type == 'cpu'
