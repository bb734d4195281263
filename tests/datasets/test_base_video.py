"""Both layouts of the same clips must give the same videos."""
import numpy as np
import pytest

from ausm_mm.datasets import DAVISDataset, YouTubeVISDataset
from ausm_mm.datasets.masks import frame_masks

TEST_PIPELINE = [dict(type='LazyFrames'), dict(type='PackVideo')]


@pytest.fixture
def pair(synthetic_root):
    ytvis = YouTubeVISDataset(
        data_root=str(synthetic_root / 'ytvis'), ann_file='test.json',
        data_prefix=dict(img='test/JPEGImages'), task='prompted', test_mode=True,
        pipeline=TEST_PIPELINE)
    davis = DAVISDataset(
        data_root=str(synthetic_root / 'davis'), ann_file='ImageSets/test.txt',
        data_prefix=dict(img='JPEGImages/64p', mask='Annotations/64p'), test_mode=True,
        pipeline=TEST_PIPELINE)
    return ytvis, davis


def test_both_layouts_hold_the_same_videos(pair):
    ytvis, davis = pair
    assert len(ytvis) == len(davis) == 20
    for index in range(20):
        a, b = ytvis.get_data_info(index), davis.get_data_info(index)
        assert a['video_name'] == b['video_name']
        assert a['annotated_frames'] == b['annotated_frames']
        assert (a['height'], a['width']) == (b['height'], b['width']) == (64, 96)
        for t in range(len(a['img_paths'])):
            np.testing.assert_array_equal(
                frame_masks(a['objects'], t, 64, 96), frame_masks(b['objects'], t, 64, 96))


def test_prompts_agree_between_the_layouts(pair):
    for a, b in zip(*([dataset[i]['data_samples'] for i in range(5)] for dataset in pair),
                    strict=True):
        assert sorted(a.prompts) == sorted(b.prompts)
        for frame in a.prompts:
            assert ([track.segmentations for track in a.prompts[frame]]
                    == [track.segmentations for track in b.prompts[frame]])
