"""Every config of configs/ausm and of the projects: it trains a step and tests a video.

Models have their real width and, for these two, few layers; frames are small and in memory, so
that no data set is needed.
"""
import inspect
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from mmdet.models.backbones import SwinTransformer
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils
from torch import nn

from ausm_mm.registry import DATA_SAMPLERS, DATASETS, LOOPS, METRICS, MODELS, PARAM_SCHEDULERS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / 'configs/ausm'


def test_training_step(config, model, training_batch):
    reached = set()
    names = {parameter: name for name, parameter in model.named_parameters()}
    hooks = [parameter.register_post_accumulate_grad_hook(lambda p: reached.add(names[p]))
             for parameter in names if parameter.requires_grad]
    before = model.head.query_feat.weight.clone()
    optim_wrapper = build_optim_wrapper(model, config.optim_wrapper)

    log = model.train_step(training_batch(config.model.head.num_classes), optim_wrapper)

    for hook in hooks:
        hook.remove()
    empty = {'track.loss_empty'} if config.model.head.loss.get('empty_weight') else set()
    assert set(log) == empty | {'loss', *(f'{rows}.loss_{part}' for rows in ('track', 'detect')
                                          for part in ('cls', 'mask', 'dice'))}
    assert all(0 < log[key].item() < 1e4 for key in set(log) - empty)
    assert all(0 <= log[key].item() < 1e4 for key in empty)  # 0 where nothing is hidden
    frozen = tuple(f'{part}.' for part in config.model.get('frozen', []))
    assert set(names.values()) - reached == {
        name for name in names.values() if name.startswith(frozen or '-')}
    lr = config.optim_wrapper.optimizer.lr
    step = (model.head.query_feat.weight - before).abs()
    assert 0 < step.max() <= 1.01 * lr  # Adam's first step is at most the learning rate


@pytest.mark.parametrize('task', ['unprompted', 'prompted'])
def test_video(config, model, video_batch, task):
    model.eval()
    heads = list(config.model.head.num_classes.items())
    for name, num_classes in dict([heads[0], heads[-1]]).items():
        with torch.no_grad():
            sample, = model.test_step(video_batch(name, task))
        tracks = sample.pred_tracks
        assert all(len(track.segmentations) == 3 for track in tracks)
        assert all(0 <= track.label < num_classes and 0 <= track.score <= 1 for track in tracks)
        frames = [[rle for rle in rles if rle] for rles in zip(*(t.segmentations for t in tracks))]
        assert all(rle['size'] == [60, 90] for rles in frames for rle in rles)
        if task == 'prompted':
            assert [track.object_id for track in tracks] == [7, 9]
            label_maps = [mask_utils.decode(rles).sum(-1) for rles in frames if rles]
            assert all(np.max(owners) <= 1 for owners in label_maps)
        elif config.model.get('max_per_frame'):
            assert all(len(rles) <= config.model.max_per_frame for rles in frames)


def loaders(config):
    return [config[f'{split}_dataloader'] for split in ('train', 'val', 'test')
            if config.get(f'{split}_dataloader')]


def build_lazily(dataset):
    """The leaves of a data set's config, with their pipelines but without their files."""
    if 'datasets' in dataset:
        return [leaf for part in dataset.datasets for leaf in build_lazily(part)]
    return [DATASETS.build(dict(dataset, lazy_init=True))]


def test_data(config):
    for loader in loaders(config):
        assert DATA_SAMPLERS.get(loader.sampler.type)
        for dataset in build_lazily(loader.dataset):
            assert len(dataset.pipeline.transforms) >= 2
            num_classes = config.model.head.num_classes[dataset.dataset_name]
            assert len(dataset.metainfo.get('classes', range(num_classes))) == num_classes


def test_evaluators_and_loops(config):
    for split in ('val', 'test'):
        evaluators = config.get(f'{split}_evaluator') or []
        for evaluator in evaluators if isinstance(evaluators, list) else [evaluators]:
            arguments = dict(evaluator)
            # The metrics read their annotation when they are built.
            inspect.signature(METRICS.get(arguments.pop('type'))).bind(**arguments)
        parts = [config.get(f'{split}_{part}') for part in ('dataloader', 'cfg', 'evaluator')]
        assert all(parts) or not any(parts)  # what mmengine's Runner demands
    for loop in (config.train_cfg, config.val_cfg, config.test_cfg):
        assert loop is None or LOOPS.get(loop.type)


def test_learning_rate_ends_low(config):
    schedulers, max_iters = config.param_scheduler, config.train_cfg.max_iters
    if not isinstance(schedulers, list):  # the full configs; 147,500 steps would take a while
        assert schedulers.type == 'MultiStepLR' and schedulers.gamma == 0.1
        assert schedulers.milestones == [0.9 * max_iters, 0.95 * max_iters]
        assert schedulers.end == max_iters and not schedulers.by_epoch
        return
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.)
    built = [PARAM_SCHEDULERS.build(dict(scheduler), default_args=dict(optimizer=optimizer))
             for scheduler in schedulers]
    for _ in range(max_iters):
        optimizer.step()
        for scheduler in built:
            scheduler.step()
    assert 0 < optimizer.param_groups[0]['lr'] <= 0.03


@pytest.fixture
def full_model(config, monkeypatch):
    """With all layers, but without numbers in its weights."""
    if 'Swin' not in config.model.backbone.type:
        pytest.skip('a tiny config')
    # Swin reads its drop path rates from one.
    monkeypatch.setattr(torch, 'linspace', partial(torch.linspace, device='cpu'))
    with torch.device('meta'):
        return MODELS.build(config.model)


def test_recipe_of_the_full_configs(config, full_model):
    embeddings = ('first_feature', 'relative_position_bias_table', 'A_log', 'mixer.D')
    modules = dict(full_model.named_modules())
    optimizer = build_optim_wrapper(full_model, config.optim_wrapper).optimizer
    groups = {group['params'][0]: group for group in optimizer.param_groups}
    trained = [name for name, p in full_model.named_parameters() if p.requires_grad]
    for name in trained:
        owner = modules[name.rpartition('.')[0]]
        free = (isinstance(owner, (nn.LayerNorm, nn.GroupNorm, nn.Embedding))
                or name.endswith(embeddings))
        group = groups[full_model.get_parameter(name)]
        assert (name, group['weight_decay']) == (name, 0 if free else 0.05)
        assert (name, group['lr']) == (
            name, pytest.approx(1e-5 if name.startswith('backbone.') else 1e-4))
    assert len(trained) == len(groups)
    queries = 200 if config.model.backbone.arch == 'large' else 100
    assert full_model.marker.num_ids == 100
    assert len(full_model.head.query_feat.weight) == queries
    assert [len(part.layers) for part in (full_model.compressor, full_model.history_decoder)] == [
        6, 6]


def test_number_of_parameters(config, full_model):
    models = yaml.safe_load((FOLDER / 'metafile.yml').read_text())['Models']
    listed = {entry['Name']: entry['Metadata'].get('Parameters') for entry in models}
    count = sum(parameter.numel() for parameter in full_model.parameters())
    assert listed[Path(config.filename).stem] == count


@pytest.mark.parametrize('name, arch', [
    ('swin-t', dict(embed_dims=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24], window_size=7)),
    ('swin-s', dict(embed_dims=96, depths=[2, 2, 18, 2], num_heads=[3, 6, 12, 24], window_size=7)),
    ('swin-b', dict(embed_dims=128, depths=[2, 2, 18, 2], num_heads=[4, 8, 16, 32],
                    window_size=12)),
    ('swin-l', dict(embed_dims=192, depths=[2, 2, 18, 2], num_heads=[6, 12, 24, 48],
                    window_size=12)),
])
def test_mask2former_weights_fit_the_backbone(name, arch, monkeypatch):
    init_default_scope('ausm_mm')
    monkeypatch.setattr(torch, 'linspace', partial(torch.linspace, device='cpu'))

    def shapes(module):
        return {key: value.shape for key, value in module.state_dict().items()
                if 'relative_position_index' not in key}  # a constant

    backbone = Config.fromfile(ROOT / f'configs/_base_/models/ausm_{name}.py').model.backbone
    with torch.device('meta'):
        assert shapes(MODELS.build(backbone)) == shapes(SwinTransformer(**arch))


def test_configs_are_short_and_listed():
    configs = sorted(FOLDER.glob('*.py'))
    assert all(len(path.read_text().splitlines()) <= 40 for path in configs)
    metafile = yaml.safe_load((FOLDER / 'metafile.yml').read_text())
    assert [entry['Config'] for entry in metafile['Models']] == [
        str(path.relative_to(ROOT)) for path in configs]
    readme = (FOLDER / 'README.md').read_text()
    assert [path.name for path in configs if path.name not in readme] == []
