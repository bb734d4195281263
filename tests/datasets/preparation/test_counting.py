import cv2
import pytest

from ausm_mm.datasets import DataError
from ausm_mm.datasets.preparation import CATALOGUE, Count, count_source, write_samples


def ytvis(root):
    return dict(type='YouTubeVISDataset', data_root=str(root), ann_file='ann.json',
                data_prefix=dict(img='images'))


def test_whole_set(tiny_ytvis):
    assert count_source(ytvis(tiny_ytvis)) == Count(
        videos=2, frames=4, annotated=4, objects=2, masks=3)


def test_missing_frames_are_counted_and_one_is_named(tiny_ytvis):
    (tiny_ytvis / 'images/two/0.png').unlink()
    for t in range(2):
        (tiny_ytvis / f'images/one/{t}.png').unlink()
    count = count_source(ytvis(tiny_ytvis))
    assert (count.videos, count.missing) == (2, 3)
    assert count.problem == f'3 files are missing, the first is {tiny_ytvis}/images/one/0.png'


def test_partly_annotated_set(tiny_davis):
    count = count_source(dict(type='DAVISDataset', data_root=str(tiny_davis), ann_file='list.txt',
                              data_prefix=dict(img='img', mask='mask')))
    assert count == Count(videos=1, frames=4, annotated=3, objects=2, masks=3)


def test_unreadable_set(tmp_path):
    count = count_source(ytvis(tmp_path))
    assert count.videos == 0 and 'ann.json: cannot be read' in count.problem


def test_small_real_sets(shared_data):
    for split, videos in (('train', 27), ('val', 5)):
        config = CATALOGUE['davis2016'].splits[split]
        count = count_source(dict(config, data_root=str(shared_data / 'davis2016-240p')))
        assert (count.videos, count.objects, count.problem) == (videos, videos, '')
        assert count.annotated == count.frames
    sav = count_source(dict(type='SAVDataset', data_root=str(shared_data / 'sav-mini'),
                            data_prefix=dict(video='')))
    assert (sav.videos, sav.frames, sav.objects, sav.missing) == (1, 121, 14, 1)


def test_samples(tiny_ytvis):
    files = write_samples(ytvis(tiny_ytvis), tiny_ytvis / 'out', 5)
    assert [path.name for path in files] == ['youtube_vis-one.png', 'youtube_vis-two.png']
    sheet = cv2.imread(str(files[0]))
    assert sheet.shape[0] > 2 * 240  # frames and, below, their annotation
    top, bottom = sheet[40:240], sheet[-200:]
    assert len(set(map(tuple, bottom.reshape(-1, 3)))) > len(set(map(tuple, top.reshape(-1, 3))))
    assert len(write_samples(ytvis(tiny_ytvis), tiny_ytvis / 'out', 1)) == 1


def test_sample_of_a_missing_frame(tiny_ytvis):
    (tiny_ytvis / 'images/two/0.png').unlink()
    with pytest.raises(DataError, match='two/0.png: cannot be read'):
        write_samples(ytvis(tiny_ytvis), tiny_ytvis / 'out', 2)
