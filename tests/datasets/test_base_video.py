"""Both layouts of the same clips must give the same videos."""
import numpy as np
import pytest

from ausm_mm.datasets import DataError, DAVISDataset, MultiSourceDataset, YouTubeVISDataset
from ausm_mm.datasets.masks import frame_masks
from ausm_mm.datasets.samplers import SampleIndex

TRAIN_PIPELINE = [dict(type='SampleClip', length=2), dict(type='LoadClipFrames'),
                  dict(type='LoadClipMasks'), dict(type='PackClip')]
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


@pytest.fixture
def videos(tmp_path, write_image, write_palette):
    """Function (names of videos whose second frame is cut short, ...) -> data set of four."""

    def build(broken=(), **kwargs):
        names = [f'v{i}' for i in range(4)]
        for name in names:
            for t in range(2):
                frame = tmp_path / f'img/{name}/{t}.jpg'
                write_image(frame, np.full((4, 6, 3), 10 * t))
                write_palette(tmp_path / f'mask/{name}/{t}.png', np.eye(4, 6))
            if name in broken:
                frame.write_bytes(frame.read_bytes()[:200])
        (tmp_path / 'list.txt').write_text('\n'.join(names))
        return DAVISDataset(
            data_root=str(tmp_path), ann_file='list.txt', pipeline=TRAIN_PIPELINE,
            data_prefix=dict(img='img', mask='mask'), **kwargs)

    return build


def at(item: int, place: int) -> SampleIndex:
    index = SampleIndex(item)
    index.seed = (0, place)
    return index


@pytest.mark.parametrize('wrap', [lambda d: d, lambda d: MultiSourceDataset([d])])
def test_another_video_takes_the_place_of_an_unreadable_one(tmp_path, videos, wrap):
    dataset = wrap(videos(broken=['v1', 'v2']))
    assert 'unreadable' not in dataset[0]['data_samples']
    drawn = {}
    for place in range(12):
        sample = dataset[at(1, place)]['data_samples']
        assert sample.video_name in ('v0', 'v3') and sample.unreadable[0][0] == 1
        assert {idx for idx, _ in sample.unreadable} <= {1, 2}
        for idx, message in sample.unreadable:
            assert message.startswith(f'{tmp_path}/img/v{idx}/1.jpg: is not a readable image')
        drawn[place] = sample.video_name, sample.unreadable
    # Which one follows from the place in the stream: a resumed training sees the same.
    for place in reversed(range(12)):
        sample = dataset[at(1, place)]['data_samples']
        assert (sample.video_name, sample.unreadable) == drawn[place]
    assert len({name for name, _ in drawn.values()}) == 2


def test_nothing_readable(videos):
    with pytest.raises(DataError, match='1.jpg: is not a readable image'):
        videos(broken=['v0', 'v1', 'v2', 'v3'])[0]


def test_testing_leaves_no_video_out(videos):
    dataset = videos(broken=['v1'], test_mode=True)
    assert dataset[0]['data_samples'].video_name == 'v0'
    with pytest.raises(DataError, match='v1/1.jpg: is not a readable image'):
        dataset[1]


def test_no_video_with_an_object(videos, monkeypatch):
    dataset = videos(max_refetch=5)
    monkeypatch.setattr(dataset, 'prepare_data', lambda idx: None)
    with pytest.raises(DataError, match='list.txt: 5 videos drawn, and none has an object'):
        dataset[0]
