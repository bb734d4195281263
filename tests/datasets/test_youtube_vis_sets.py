import pytest
from mmdet.datasets import YouTubeVISDataset as MMDetYouTubeVIS

from ausm_mm.datasets import OVISDataset, YouTubeVIS2019Dataset, YouTubeVIS2021Dataset
from ausm_mm.datasets.palettes import class_palette, voc_palette


@pytest.mark.parametrize('dataset, version', [
    (YouTubeVIS2019Dataset, '2019'), (YouTubeVIS2021Dataset, '2021')])
def test_classes_are_mmdets(dataset, version):
    MMDetYouTubeVIS.set_dataset_classes(version)
    assert dataset.METAINFO['classes'] == MMDetYouTubeVIS.METAINFO['classes']


@pytest.mark.parametrize('dataset, count, name', [
    (YouTubeVIS2019Dataset, 40, 'youtube_vis_2019'),
    (YouTubeVIS2021Dataset, 40, 'youtube_vis_2021'), (OVISDataset, 25, 'ovis')])
def test_metainfo_is_complete(dataset, count, name):
    built = dataset(ann_file='x.json', data_prefix=dict(img=''), lazy_init=True)
    assert built.dataset_name == name and built.task == 'unprompted' and built.exhaustive
    assert len(set(built.metainfo['classes'])) == count
    assert len(set(built.metainfo['palette'])) == count


def test_json_of_another_set_is_refused(tiny_ytvis):
    options = dict(data_root=str(tiny_ytvis), ann_file='ann.json', data_prefix=dict(img='images'))
    with pytest.raises(ValueError, match="the category 'a' is not among the 25 classes"):
        OVISDataset(**options)


def test_voc_palette():
    colors = voc_palette()
    assert colors[:9] == [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128),
                          (128, 0, 128), (0, 128, 128), (128, 128, 128), (64, 0, 0)]
    assert len(set(colors)) == 256 and colors[255] == (224, 224, 192)


def test_class_palette():
    assert class_palette(0) == []
    assert class_palette(3) == class_palette(80)[:3]
    assert all(0 <= channel <= 255 for color in class_palette(80) for channel in color)
