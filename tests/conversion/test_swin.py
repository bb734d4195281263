"""Swin classification weights of three projects -> a backbone with the same features."""
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from mmengine.runner.checkpoint import load_checkpoint
from mmpretrain.models import SwinTransformer
from torch import nn

from ausm_mm.conversion import SWIN, ConversionError, convert_weights
from ausm_mm.conversion.swin import unfold_order

# The last stage has 8 x 8 cells: classifiers do not shift windows that fill the map.
SIZE = 256
ARCH = dict(embed_dims=12, depths=[1, 2, 1, 2], num_heads=[1, 2, 3, 4])


@pytest.fixture(scope='module')
def frames() -> torch.Tensor:
    return torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope='module')
def timm_model(redraw):
    timm = pytest.importorskip('timm', reason='timm is missing: make setup')
    torch.manual_seed(0)
    return redraw(timm.create_model(
        'swin_tiny_patch4_window7_224', img_size=SIZE, window_size=4, embed_dim=12,
        depths=(1, 2, 1, 2), num_heads=(1, 2, 3, 4), num_classes=5))


@pytest.fixture(scope='module')
def timm_features(timm_model, frames) -> torch.Tensor:
    with torch.no_grad():
        return timm_model.forward_features(frames).permute(0, 3, 1, 2)


def in_original_names(weights: dict) -> OrderedDict:
    """timm's weights as the original release has them (and timm before 0.9)."""
    original = OrderedDict()
    for key, value in weights.items():
        for i in (1, 2, 3):
            key = key.replace(f'layers.{i}.downsample.', f'layers.{i - 1}.down.')
        original[key.replace('.down.', '.downsample.').replace('head.fc.', 'head.')] = value
        if key.endswith('relative_position_bias_table'):
            original[key.replace('bias_table', 'index')] = torch.zeros(16, 16).long()
        if key.endswith('blocks.1.norm1.weight'):
            original[key.replace('norm1.weight', 'attn_mask')] = torch.zeros(4, 16, 16)
    return original


def convert(weights: dict, model, project: str = ''):
    project = project or SWIN.guess(weights, 'file')
    return convert_weights(weights, SWIN.layouts[project], model.state_dict(), SWIN.new)


def assert_same_features(weights, model, frames, features, tmp_path):
    """Loaded as ``load_from`` does, and as the backbone's ``Pretrained`` initialisation."""
    conversion = convert(weights, model)
    conversion.check('file')
    assert len(conversion.state) + len(conversion.new) + len(conversion.constants) == len(
        model.state_dict())
    torch.save(conversion.state, tmp_path / 'swin.pth')
    load_checkpoint(model, str(tmp_path / 'swin.pth'))
    with torch.no_grad():
        torch.testing.assert_close(model.backbone(frames)[-1], features, rtol=1e-4, atol=1e-4)
    assert features.std() > 0.1
    return conversion


def test_timm(timm_model, timm_features, make_ausm, frames, tmp_path):
    conversion = assert_same_features(
        timm_model.state_dict(), make_ausm(), frames, timm_features, tmp_path)
    assert conversion.unused == {
        'head.fc.weight': 'the ImageNet classifier', 'head.fc.bias': 'the ImageNet classifier'}
    assert [key for key in conversion.new if key.startswith('backbone.')] == [
        f'backbone.norm{i}.{kind}' for i in range(3) for kind in ('weight', 'bias')]


def test_original(timm_model, timm_features, make_ausm, frames, tmp_path):
    from timm.models.swin_transformer import checkpoint_filter_fn
    weights = in_original_names(timm_model.state_dict())
    read_back = checkpoint_filter_fn({'model': weights}, timm_model)
    assert read_back.keys() == timm_model.state_dict().keys()  # timm knows the names
    conversion = assert_same_features(weights, make_ausm(), frames, timm_features, tmp_path)
    reasons = {key: reason for key, reason in conversion.unused.items() if 'head' not in key}
    assert set(reasons.values()) == {'a constant'} and len(reasons) == 6 + 2


@pytest.mark.parametrize('prefix', ['backbone.', ''])
def test_mmpretrain(prefix, redraw, make_ausm, frames, tmp_path):
    torch.manual_seed(0)
    model = redraw(SwinTransformer(arch=ARCH, img_size=SIZE, window_size=4, out_indices=(3, )))
    weights = {prefix + key: value for key, value in model.state_dict().items()}
    weights['head.fc.weight'] = torch.zeros(5, 96)
    with torch.no_grad():
        features = model(frames)[-1]
    conversion = assert_same_features(weights, make_ausm(), frames, features, tmp_path)
    assert {key for key, reason in conversion.unused.items() if reason != 'a constant'} == {
        'head.fc.weight'}


def test_final_norm_of_older_mmpretrain(redraw, make_ausm):
    weights = {'backbone.' + key.replace('norm3.', 'norm.'): value
               for key, value in SwinTransformer(
                   arch=ARCH, window_size=4, out_indices=(3, )).state_dict().items()}
    weights['backbone.norm.weight'] = torch.arange(96.)
    conversion = convert(weights, make_ausm())
    conversion.check('file')
    assert torch.equal(conversion.state['backbone.norm3.weight'], torch.arange(96.))


def test_unfold_order():
    """Patch merging of the original release against ``nn.Unfold``."""
    torch.manual_seed(0)
    x, norm, reduction = torch.randn(1, 3, 4, 6), torch.randn(12), torch.randn(6, 12)
    patches = [x[:, :, row::2, column::2] for column in (0, 1) for row in (0, 1)]
    original = torch.cat(patches, 1).flatten(2).transpose(1, 2)  # (1, 6, 4 * 3)
    unfolded = nn.Unfold(2, stride=2)(x).transpose(1, 2)
    torch.testing.assert_close(
        F.linear(unfolded * unfold_order(norm), unfold_order(reduction)),
        F.linear(original * norm, reduction))


@pytest.mark.parametrize('changes, message', [
    (dict(window_size=7),
     r'6 of another shape \(backbone.stages.0.blocks.0.attn.w_msa.relative_position_bias_table is '
     r'\(49, 1\) there and \(169, 1\) in the model\)'),
    (dict(arch=dict(depths=[1, 2, 2, 2])),
     r'13 weights missing, 0 without a place, 0 of another shape '
     r'\(nothing for backbone.stages.2.blocks.1.norm1.weight\)'),
])
def test_another_architecture(timm_model, make_ausm, changes, message):
    """Weights for other windows are refused, which mmpretrain would resize."""
    with pytest.raises(ConversionError, match=message):
        convert(timm_model.state_dict(), make_ausm(backbone=changes)).check('x.pth')


def test_swin_v2_is_refused(timm_model, make_ausm):
    """It has the same names but for its position bias."""
    weights = {key.replace('relative_position_bias_table', 'logit_scale'): value
               for key, value in timm_model.state_dict().items()}
    conversion = convert(weights, make_ausm())
    with pytest.raises(ConversionError, match='6 weights missing, 6 without a place'):
        conversion.check('x.pth')


def test_guess(timm_model):
    names = timm_model.state_dict()
    assert SWIN.guess(names, 'file') == 'timm'
    assert SWIN.guess(in_original_names(names), 'file') == 'original'
    assert SWIN.guess(['head.fc.bias', 'backbone.stages.0.blocks.0.norm1.bias'], 'file') == (
        'mmpretrain')
    with pytest.raises(ConversionError, match="x.pth: no Swin Transformer of mmpretrain, original, "
                       "timm: no key begins with .*; its first one is 'conv1.weight'"):
        SWIN.guess(['conv1.weight', 'layer1.0.conv1.weight'], 'x.pth')
