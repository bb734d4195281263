"""The data sets that the configs use: where their files lie and where to get them."""
from dataclasses import dataclass, field
from typing import Dict

FORMATS = dict(
    youtube_vis='YouTubeVISDataset', coco='COCOVideoDataset', davis='DAVISDataset',
    youtube_vos='YouTubeVOSDataset', sav='SAVDataset')


@dataclass(frozen=True)
class Source:
    """One data set.

    Args:
        folder: Within the data folder.
        url: Where to get it.
        splits: Name -> config of the reader without ``data_root``; empty strings stand for the
            folder itself.
    """
    folder: str
    url: str
    splits: Dict[str, Dict] = field(default_factory=dict)


def _youtube_vis(reader: str, ann_file: str, images: str = '{}/JPEGImages') -> Dict[str, Dict]:
    return {split: dict(type=reader, ann_file=ann_file.format(split),
                        data_prefix=dict(img=images.format(split))) for split in ('train', 'valid')}


def _youtube_vos(name: str) -> Dict[str, Dict]:
    return {split: dict(
        type='YouTubeVOSDataset', dataset_name=name, ann_file=f'{split}/meta.json',
        data_prefix=dict(img=f'{split}/JPEGImages', mask=f'{split}/Annotations'))
        for split in ('train', 'valid')}


def _davis(name: str, lists: str, resolution: str) -> Dict[str, Dict]:
    return {split: dict(
        type='DAVISDataset', dataset_name=name, ann_file=f'{lists}/{split}.txt',
        data_prefix=dict(img=f'JPEGImages/{resolution}', mask=f'Annotations/{resolution}'))
        for split in ('train', 'val')}


CATALOGUE: Dict[str, Source] = {
    'coco': Source('coco', 'https://cocodataset.org/#download', {
        split: dict(type='COCOVideoDataset', ann_file=f'annotations/instances_{split}2017.json',
                    data_prefix=dict(img=f'{split}2017')) for split in ('train', 'val')}),
    'youtube_vis_2019': Source(
        'youtube_vis_2019', 'https://youtube-vos.org/dataset/vis/',
        _youtube_vis('YouTubeVIS2019Dataset', '{}.json')),
    'youtube_vis_2021': Source(
        'youtube_vis_2021', 'https://youtube-vos.org/dataset/vis/',
        _youtube_vis('YouTubeVIS2021Dataset', '{}/instances.json')),
    'ovis': Source('ovis', 'https://songbai.site/ovis/',
                   _youtube_vis('OVISDataset', 'annotations_{}.json', '{}')),
    'davis2017': Source('DAVIS', 'https://davischallenge.org/davis2017/code.html',
                        _davis('davis2017', 'ImageSets/2017', '480p')),
    'mose': Source('mose', 'https://henghuiding.com/MOSE/', {
        split: dict(type='MOSEDataset', data_prefix=dict(
            img=f'{split}/JPEGImages', mask=f'{split}/Annotations'))
        for split in ('train', 'valid')}),
    'sav': Source('sav', 'https://ai.meta.com/datasets/segment-anything-video-downloads/', {
        'train': dict(type='SAVDataset', data_prefix=dict(video='sav_train'))}),
    'youtube_vos_2018': Source('youtube_vos_2018', 'https://youtube-vos.org/dataset/vos/',
                               _youtube_vos('youtube_vos_2018')),
    'youtube_vos_2019': Source('youtube_vos_2019', 'https://youtube-vos.org/dataset/vos/',
                               _youtube_vos('youtube_vos_2019')),
    'davis2016': Source('davis2016-240p', 'https://davischallenge.org/davis2016/code.html',
                        _davis('davis2016', 'ImageSets', '240p')),
    'synthetic': Source('synthetic/ytvis', 'python tools/dataset_converters/make_synthetic.py', {
        split: dict(type='YouTubeVISDataset', dataset_name='synthetic', ann_file=f'{split}.json',
                    data_prefix=dict(img=f'{split}/JPEGImages'))
        for split in ('train', 'val', 'test')}),
}
