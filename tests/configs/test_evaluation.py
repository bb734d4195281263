"""The configs of configs/ausm/eval: stage 3's model with the protocol of each data set."""
import copy
import inspect
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils

from ausm_mm.models.heads import DatasetClassifiers
from ausm_mm.registry import DATASETS, LOOPS, METRICS, MODELS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / 'configs/ausm/eval'
BACKBONES = ['swin-t', 'swin-s', 'swin-b', 'swin-l']
# Reader, metric, foreground threshold, objects kept in a frame
PROTOCOLS = {
    'coco': ('COCOVideoDataset', 'COCOVideoMetric', 0.9, None),
    'youtube-vis-2019': ('YouTubeVIS2019Dataset', 'VISMetric', 0.5, 10),
    'youtube-vis-2021': ('YouTubeVIS2021Dataset', 'VISMetric', 0.5, 10),
    'ovis': ('OVISDataset', 'VISMetric', 0.5, 20),
    'mose': ('MOSEDataset', 'VOSMetric', 0.5, None),
    'youtube-vos-2018': ('YouTubeVOSDataset', 'VOSMetric', 0.5, None),
    'youtube-vos-2019': ('YouTubeVOSDataset', 'VOSMetric', 0.5, None),
}


@pytest.fixture(autouse=True, scope='module')
def default_scope():
    init_default_scope('ausm_mm')


def read(name: str, backbone: str = 'swin-b') -> Config:
    return Config.fromfile(FOLDER / f'ausm_{backbone}_{name}.py')


def test_every_config_has_a_protocol():
    assert {path.stem for path in FOLDER.glob('*.py')} == {
        f'ausm_{backbone}_{name}' for name in PROTOCOLS for backbone in BACKBONES}


@pytest.mark.parametrize('name', PROTOCOLS)
@pytest.mark.parametrize('backbone', BACKBONES)
def test_protocol(name, backbone):
    config = read(name, backbone)
    reader, metric, threshold, max_per_frame = PROTOCOLS[name]
    dataset = config.test_dataloader.dataset
    assert (dataset.type, config.test_evaluator.type) == (reader, metric)
    assert config.model.tracker.foreground_threshold == threshold
    assert config.model.get('max_per_frame') == max_per_frame
    assert [dict(step) for step in dataset.pipeline] == [
        dict(type='LazyFrames', short_side=1024), dict(type='PackVideo')]
    built = DATASETS.build(dict(dataset, lazy_init=True))
    assert built.test_mode and built.task == (
        'prompted' if metric == 'VOSMetric' else 'unprompted')
    for loader in (config.train_dataloader, config.test_dataloader):
        built = DATASETS.build(dict(loader.dataset, lazy_init=True))
        classifiers = DatasetClassifiers(1, config.model.head.num_classes)
        assert len(built.metainfo['classes']) + 1 == classifiers(
            torch.zeros(1, 1, 1), [built.dataset_name]).shape[-1]
    inspect.signature(METRICS.get(metric)).bind(
        **{key: value for key, value in config.test_evaluator.items() if key != 'type'})
    if metric == 'VOSMetric':  # YouTube-VOS alone scores the last frame
        assert config.test_evaluator.get('skip_last', True) == (name == 'mose')
    assert LOOPS.get(config.test_cfg.type) and config.val_cfg is None


@pytest.mark.parametrize('name', PROTOCOLS)
@pytest.mark.parametrize('backbone', BACKBONES)
def test_the_model_is_that_of_stage_3(name, backbone):
    """So its checkpoint fits, and what the other tests run of that model holds for these."""
    ours, stage3 = (copy.deepcopy(config.model) for config in (
        read(name, backbone), Config.fromfile(ROOT / f'configs/ausm/ausm_{backbone}_stage3.py')))
    for model in (ours, stage3):
        for key in ('frozen', 'tracker', 'max_per_frame'):
            model.pop(key, None)
        model.head.num_classes = {
            name: k for name, k in model.head.num_classes.items() if isinstance(k, int)}
        model.backbone.pop('init_cfg')
    assert ours.to_dict() == stage3.to_dict()


SIZES = [(40, 60), (70, 50)]


@pytest.fixture
def coco_root(tmp_path) -> Path:
    """Two images of COCO val, one without an object, and a third that is grey."""
    classes = DATASETS.get('COCOVideoDataset').METAINFO['classes']
    annotations = []
    for number, (label, box) in enumerate([(0, (5, 5, 20, 30)), (79, (18, 30, 35, 55))], start=3):
        top, left, bottom, right = box
        annotations.append(dict(
            id=number, image_id=11, category_id=2 * label + 1, iscrowd=0,
            area=(bottom - top) * (right - left), bbox=[left, top, right - left, bottom - top],
            segmentation=[[left, top, right, top, right, bottom, left, bottom]]))
    names = {11: 'a.jpg', 7: 'b.jpg'}
    (tmp_path / 'annotations').mkdir()
    (tmp_path / 'val2017').mkdir()
    for (image_id, name), (height, width) in zip(names.items(), SIZES):
        pixels = np.random.default_rng(image_id).integers(0, 256, (height, width, 3), np.uint8)
        cv2.imwrite(str(tmp_path / 'val2017' / name), pixels if image_id == 11 else pixels[..., 0])
    (tmp_path / 'annotations/instances_val2017.json').write_text(json.dumps(dict(
        images=[dict(id=image_id, file_name=name, height=size[0], width=size[1])
                for (image_id, name), size in zip(names.items(), SIZES)],
        annotations=annotations,
        categories=[dict(id=2 * k + 1, name=name) for k, name in enumerate(classes)])))
    return tmp_path


@pytest.fixture
def coco(coco_root):
    """Function (setting, ...) -> the test set, with some settings changed, and the metric of the
    COCO config."""

    def build(**changes):
        config = read('coco')
        annotation = str(coco_root / 'annotations/instances_val2017.json')
        return (
            DATASETS.build(dict(
                config.test_dataloader.dataset, data_root=str(coco_root), **changes)),
            METRICS.build(dict(config.test_evaluator, ann_file=annotation)))

    return build


def test_coco_images_are_videos_of_one_frame(coco):
    dataset, metric = coco()
    for item, size in zip(dataset, SIZES, strict=True):
        sample = item['data_samples']
        assert len(item['inputs']) == 1 and sample.task == 'unprompted'
        assert (tuple(sample.ori_shape), min(sample.img_shape)) == (size, 1024)
        sample.pred_tracks = sample.gt_tracks
        metric.process(None, [sample.to_dict()])
    figures = metric.evaluate(2)
    assert (figures['coco/AP'], figures['coco/AR100']) == (pytest.approx(1), pytest.approx(1))


def test_coco_runs_through_a_model(coco):
    """A tiny one, on small images; whatever its weights, all its queries see the whole image."""
    tiny = Config.fromfile(ROOT / 'configs/_base_/models/ausm_tiny.py').model
    model = MODELS.build(dict(
        tiny, head=dict(tiny.head, num_classes=dict(coco=80)),
        tracker=read('coco').model.tracker,
        test_strategy=dict(type='ImageRepetition', times=2))).eval()
    with torch.no_grad():
        model.head.classifiers.heads['coco'].bias[-1] = -99  # nothing is background
    model.head.register_forward_hook(lambda head, inputs, layers: [
        layer._replace(mask_logits=layer.mask_logits.abs() + 1) for layer in layers])
    dataset, metric = coco(pipeline=[dict(type='LazyFrames'), dict(type='PackVideo')])
    sample, = model.test_step({key: [value] for key, value in dataset[0].items()})
    # 12 queries at the first view; at the second there are IDs for 4 more.
    assert [track.object_id for track in sample.pred_tracks] == list(range(1, 17))
    for track in sample.pred_tracks:
        rle, = track.segmentations
        assert rle['size'] == list(SIZES[0]) and mask_utils.decode(rle).all()
        assert 0 <= track.label < 80
    metric.process(None, [sample.to_dict()])
    assert metric.evaluate(1)['coco/AP'] == 0


@pytest.mark.parametrize('options, shown', [
    ({'type': 'VideoPasses', 'passes': 3}, [0, 1, 0, 1]),
    ({'type': 'ImageRepetition', 'times': 2}, [0, 0, 1, 1]),
    ({'type': 'CornerTraversal'}, [0] * 6 + [1] * 6),
])
def test_options_switch_a_strategy_on(options, shown):
    """As --cfg-options does it."""
    config = Config.fromfile(ROOT / 'configs/ausm/ausm_tiny_synthetic-10min.py')
    config.merge_from_dict({f'model.test_strategy.{key}': value for key, value in options.items()})
    model = MODELS.build(config.model)
    assert [view.frame for view in model.test_strategy(2)] == shown
