import json
import pickle
import shutil

import numpy as np
import pytest

from ausm_mm.datasets import DataError, SAVDataset
from ausm_mm.datasets.masks import encode_mask, frame_masks
from ausm_mm.datasets.sav import read_masklets
from ausm_mm.visualization.video_writer import write_video

H, W, NUM_FRAMES = 32, 48, 17
CLIP = [dict(type='SampleClip', length=3), dict(type='LoadClipFrames'),
        dict(type='LoadClipMasks'), dict(type='PackClip')]


def rle(rows):
    mask = np.zeros((H, W), bool)
    mask[rows] = True
    encoded = encode_mask(mask)
    return encoded and dict(size=[H, W], counts=encoded['counts'].decode())


EMPTY = dict(size=[H, W], counts='P`1')  # one run of 1536 background pixels


@pytest.fixture
def sav_root(tmp_path):
    """Frame i of the video has the grey value 10 i; 5 annotated frames. Manual: an object in all
    frames and one in none; automatic: one from the third annotated frame on."""
    write_video(tmp_path / 'sav_000/v1.mp4',
                [np.full((H, W, 3), 10 * i, np.uint8) for i in range(NUM_FRAMES)], 24)
    write_json(tmp_path, 'manual', [[rle(slice(t, t + 2)), EMPTY] for t in range(5)])
    write_json(tmp_path, 'auto', [[EMPTY if t < 2 else rle(slice(9))] for t in range(5)])
    return tmp_path


def write_json(root, kind, masklet, **changes):
    content = dict(video_height=float(H), video_width=float(W), masklet=masklet)
    content.update(changes)
    (root / f'sav_000/v1_{kind}.json').write_text(json.dumps(content))


def build(root, **kwargs):
    return SAVDataset(data_root=str(root), data_prefix=dict(video=''), **kwargs)


def test_contract(sav_root):
    info = build(sav_root).get_data_info(0)
    assert (info['height'], info['width'], info['video_name']) == (H, W, 'v1')
    assert info['img_paths'] == [f'{sav_root}/sav_000/v1.mp4#{4 * t}' for t in range(5)]
    assert info['annotated_frames'] == [0, 1, 2, 3, 4]
    assert [obj['object_id'] for obj in info['objects']] == [1, 2]
    assert [s is None for s in info['objects'][1]['segmentations']] == [True, True] + 3 * [False]
    masks = frame_masks(info['objects'], 3, H, W)
    assert np.flatnonzero(masks[0].all(axis=1)).tolist() == [3, 4]


def test_masklets_are_chosen(sav_root):
    assert len(build(sav_root, masklets=['manual']).get_data_info(0)['objects']) == 1
    assert len(build(sav_root, masklets=['auto']).get_data_info(0)['objects']) == 1
    with pytest.raises(DataError, match=r"masklets=\['hand'\] of the data set sav: choose"):
        build(sav_root, masklets=['hand'])


def test_clips_are_read_from_the_video_and_nothing_before(sav_root, monkeypatch):
    np.random.seed(0)
    item = build(sav_root, pipeline=CLIP)[0]
    frame_ids = item['data_samples'].frame_ids
    grey = item['inputs'].float().mean(dim=(1, 2, 3))
    np.testing.assert_allclose(grey, [40 * t for t in frame_ids], atol=3)
    (sav_root / 'sav_000/v1.mp4').unlink()
    dataset = build(sav_root, pipeline=CLIP)  # reads neither the video
    (sav_root / 'sav_000/v1_manual.json').write_text('broken')
    assert len(dataset) == 1  # nor the json
    with pytest.raises(DataError, match='v1_manual.json: is not valid json'):
        dataset[0]


def test_whole_video_is_read_lazily(sav_root):
    dataset = build(sav_root, test_mode=True,
                    pipeline=[dict(type='LazyFrames'), dict(type='PackVideo')])
    item = dataset[0]
    frames = pickle.loads(pickle.dumps(item['inputs']))  # as a data loader's worker sends it
    for t in (3, 4, 0, 2, 2):  # onwards, back and again
        assert frames[t].float().mean() == pytest.approx(40 * t, abs=3)
    assert {t: len(tracks) for t, tracks in item['data_samples'].prompts.items()} == {0: 1, 2: 1}


def test_video_without_an_object_is_passed_over(sav_root):
    for name in ('.mp4', '_manual.json', '_auto.json'):
        shutil.copy(sav_root / f'sav_000/v1{name}', sav_root / f'sav_000/v2{name}')
    write_json(sav_root, 'manual', [[EMPTY]] * 5)
    dataset = build(sav_root, pipeline=CLIP, masklets=['manual'])
    assert [info['video_name'] for info in map(dataset.get_data_info, range(2))] == ['v1', 'v2']
    assert {dataset[0]['data_samples'].video_name for _ in range(5)} == {'v2'}


def test_list_of_videos(sav_root):
    (sav_root / 'list.txt').write_text('v1\n\n')
    assert len(build(sav_root, ann_file='list.txt')) == 1
    (sav_root / 'list.txt').write_text('v1\nv9\n')
    with pytest.raises(DataError, match='holds no v9_manual.json, which .*list.txt lists'):
        build(sav_root, ann_file='list.txt')


def test_missing_folder_and_empty_folder(sav_root, tmp_path):
    with pytest.raises(DataError, match=r"gone: is not a folder; correct data_prefix\['video'\]"):
        SAVDataset(data_root=str(sav_root), data_prefix=dict(video='gone'))
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match=r'empty: holds no \*_manual.json or \*_auto.json'):
        SAVDataset(data_root=str(tmp_path), data_prefix=dict(video='empty'))


@pytest.mark.parametrize('masklet, changes, message', [
    ([[EMPTY], []], {}, 'v1_manual.json: frame 1 has 0 masklets, frame 0 1'),
    ([[EMPTY], None], {}, 'v1_manual.json: frame 1 has None masklets, frame 0 1'),
    ([[[[0, 0, 9, 0, 9, 9]]]], {}, 'v1_manual.json: masklet 0, frame 0: is no RLE'),
    ([[EMPTY]], dict(video_height='32'), "v1_manual.json: the video_height of the file is '32'"),
    ([[dict(EMPTY, size=[W, H])]], {}, 'v1_manual.json: masklet 0, frame 0: the mask.s size is'),
    ([[EMPTY]] * 4, {}, r'v1_auto.json: has \(frames, height, width\) \(5, 32, 48\), .* \(4, 32'),
])
def test_malformed_json(sav_root, masklet, changes, message):
    write_json(sav_root, 'manual', masklet, **changes)
    with pytest.raises(DataError, match=message):
        build(sav_root).get_data_info(0)


def test_other_json(sav_root):
    (sav_root / 'sav_000/v1_manual.json').write_text('{"video_height": 1}')
    with pytest.raises(DataError, match="v1_manual.json: the key 'masklet' is missing"):
        build(sav_root).get_data_info(0)


def test_video_missing_short_or_broken(sav_root):
    video = sav_root / 'sav_000/v1.mp4'
    write_video(video, [np.zeros((H, W, 3), np.uint8)] * 3, 24)
    dataset = build(sav_root, pipeline=[dict(type='LazyFrames')], test_mode=True)
    with pytest.raises(DataError, match='v1.mp4: has no readable frame 16'):
        dataset[0]['frames'][4]
    video.write_bytes(b'no video')
    with pytest.raises(DataError, match='v1.mp4: is not a readable video'):
        dataset[0]['frames'][0]
    video.unlink()
    with pytest.raises(DataError, match='v1.mp4: there is no such video'):
        dataset[0]['frames'][0]


@pytest.mark.parametrize('damage', ['mp4', 'json'])
def test_another_video_takes_the_place_of_a_broken_one_in_training(sav_root, damage):
    for name in ('v1.mp4', 'v1_manual.json', 'v1_auto.json'):
        shutil.copy(sav_root / 'sav_000' / name, sav_root / 'sav_000' / name.replace('v1', 'v2'))
    broken = sav_root / 'sav_000' / dict(mp4='v1.mp4', json='v1_manual.json')[damage]
    broken.write_bytes(broken.read_bytes()[:100])
    sample = build(sav_root, pipeline=CLIP)[0]['data_samples']
    assert sample.video_name == 'v2'
    assert all(idx == 0 and str(broken) in message for idx, message in sample.unreadable)


def test_official_annotations(shared_data):
    folder = shared_data / 'sav-mini'
    info = read_masklets([str(folder / f'sav_000001_{kind}.json') for kind in ('manual', 'auto')])
    assert (info['height'], info['width'], len(info['img_paths'])) == (848, 480, 121)
    assert info['img_paths'][-1].endswith('sav_000001.mp4#480')
    assert len(info['objects']) == 14
    manual = json.loads((folder / 'sav_000001_manual.json').read_text())
    first = [next(t for t, s in enumerate(obj['segmentations']) if s) for obj in info['objects']]
    # The file counts at 24 fps up to a rounding and lists only where the annotators began.
    assert first[:3] == [0, 0, 0] and first[4] == 0 and first[3] > 0
    means = [np.mean([frame_masks([obj], t, 848, 480).sum() for t in range(121)])
             for obj in info['objects'][:1]]
    assert means[0] == pytest.approx(manual['masklet_size_abs'][0], rel=0.05)
