"""A small AUSM on Swin, and the same Mask2Former as other projects write it."""
import copy
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

from ausm_mm.registry import MODELS

ROOT = Path(__file__).parents[2]
# Packages that mmpretrain cannot be imported with (requirements/isolated.txt)
ISOLATED = Path(sys.prefix) / 'isolated'
DIMS, HEADS, QUERIES, LAYERS, WINDOW = 64, 4, 7, 4, 4
SWIN = dict(embed_dims=12, depths=[1, 2, 1, 2], num_heads=[1, 2, 3, 4])
CHANNELS = [12, 24, 48, 96]
ENCODER = dict(num_layers=2, layer_cfg=dict(
    self_attn_cfg=dict(embed_dims=DIMS, num_heads=HEADS, num_levels=3, num_points=4, dropout=0.,
                       batch_first=True),
    ffn_cfg=dict(embed_dims=DIMS, feedforward_channels=96, num_fcs=2, ffn_drop=0.,
                 act_cfg=dict(type='ReLU', inplace=True))))
POSITION = dict(type='SinePositionalEncoding', num_feats=DIMS // 2, normalize=True)
CHANGES = dict(
    backbone=dict(arch=dict(SWIN, _delete_=True), window_size=WINDOW, init_cfg=None),
    pixel_encoder=dict(in_channels=CHANNELS, feat_channels=DIMS, out_channels=DIMS, encoder=ENCODER,
                       positional_encoding=dict(num_feats=DIMS // 2, normalize=True)),
    marker=dict(embed_dims=DIMS),
    compressor=dict(embed_dims=DIMS, num_layers=1, positional_encoding=POSITION),
    history_decoder=dict(embed_dims=DIMS, num_layers=1, positional_encoding=POSITION),
    head=dict(num_classes=dict(coco=80, ovis=25), embed_dims=DIMS, num_queries=QUERIES,
              num_layers=LAYERS, num_heads=HEADS, feedforward_channels=80,
              positional_encoding=POSITION))


@pytest.fixture(autouse=True, scope='session')
def default_scope():
    init_default_scope('ausm_mm')


@pytest.fixture(scope='session')
def small_config() -> Config:
    """``ausm_swin-t.py`` with other sizes."""
    config = Config.fromfile(ROOT / 'configs/_base_/models/ausm_swin-t.py')
    config.merge_from_dict(dict(model=copy.deepcopy(CHANGES)))
    return config


@pytest.fixture
def make_ausm(small_config):
    """Function (changes) -> a new small AUSM."""

    def build(**changes):
        config = copy.deepcopy(small_config)
        config.merge_from_dict(dict(model=changes))
        return MODELS.build(config.model).eval()

    return build


def _redraw(module: torch.nn.Module) -> torch.nn.Module:
    """Every parameter differs from its initial value, most of which are 0 or 1."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    module.eval()
    return module


@pytest.fixture(scope='session')
def redraw():
    return _redraw


@pytest.fixture(scope='session')
def build_mmdet():
    """Function (changes of the head) -> mmdet's Mask2Former with random weights."""

    def build(**changes):
        attention = dict(embed_dims=DIMS, num_heads=HEADS, dropout=0., batch_first=True)
        head = dict(
            type='mmdet.Mask2FormerHead', in_channels=CHANNELS, strides=[4, 8, 16, 32],
            feat_channels=DIMS, out_channels=DIMS, num_things_classes=80, num_stuff_classes=0,
            num_queries=QUERIES, num_transformer_feat_level=3,
            pixel_decoder=dict(
                type='mmdet.MSDeformAttnPixelDecoder', num_outs=3,
                norm_cfg=dict(type='GN', num_groups=32), act_cfg=dict(type='ReLU'),
                encoder=ENCODER,
                positional_encoding=dict(num_feats=DIMS // 2, normalize=True)),
            positional_encoding=dict(num_feats=DIMS // 2, normalize=True),
            transformer_decoder=dict(
                num_layers=LAYERS, return_intermediate=True,
                layer_cfg=dict(
                    self_attn_cfg=attention, cross_attn_cfg=attention,
                    ffn_cfg=dict(embed_dims=DIMS, feedforward_channels=80, num_fcs=2, ffn_drop=0.,
                                 act_cfg=dict(type='ReLU', inplace=True)))),
            loss_cls=dict(type='mmdet.CrossEntropyLoss', class_weight=[1.] * 80 + [0.1]))
        torch.manual_seed(0)
        return _redraw(MODELS.build(ConfigDict(
            type='mmdet.Mask2Former',
            data_preprocessor=dict(type='mmdet.DetDataPreprocessor'),
            backbone=dict(type='mmdet.SwinTransformer', window_size=WINDOW, **SWIN),
            panoptic_head=dict(head, **changes),
            panoptic_fusion_head=dict(
                type='mmdet.MaskFormerFusionHead', num_things_classes=80, num_stuff_classes=0),
            test_cfg=dict(instance_on=True))))

    return build


@pytest.fixture(scope='session')
def image() -> torch.Tensor:
    """Normalised, a multiple of 32: Mask2Former attends to padding, AUSM does not."""
    return torch.randn(1, 3, 96, 160, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope='session')
def transformers_model(tmp_path_factory, image) -> SimpleNamespace:
    """Hugging Face's file of a random model: ``path``, ``class_logits`` and ``mask_logits``."""
    if not (ISOLATED / 'transformers').is_dir():
        pytest.skip(f'no transformers in {ISOLATED}: make setup (Python 3.11 or newer)')
    folder = tmp_path_factory.mktemp('transformers')
    torch.save(image, folder / 'image.pth')
    subprocess.run(
        [sys.executable, str(Path(__file__).with_name('make_transformers_model.py')), str(folder)],
        env=dict(os.environ, HF_HUB_OFFLINE='1', PYTHONPATH=str(ISOLATED)), check=True)
    return SimpleNamespace(path=folder / 'model.safetensors',
                           **torch.load(folder / 'logits.pth', weights_only=True))
