"""Activation checkpointing (``model.with_cp``): same numbers from less memory."""
import copy

import pytest
import torch
from mmengine.config import ConfigDict

from ausm_mm.models.layers import repeated_layers

SWIN = ConfigDict(
    backbone=dict(
        type='mmpretrain.SwinTransformer', img_size=32, window_size=4, pad_small_map=True,
        arch=dict(embed_dims=8, depths=[1, 2, 1, 1], num_heads=[1, 1, 2, 2]),
        drop_path_rate=0.5, out_indices=(0, 1, 2, 3)),
    pixel_encoder=dict(
        type='MSDeformAttnPixelDecoder', in_channels=[8, 16, 32, 64], strides=[4, 8, 16, 32],
        feat_channels=16, out_channels=16, num_outs=2, norm_cfg=dict(type='GN', num_groups=4),
        encoder=dict(num_layers=2, layer_cfg=dict(
            self_attn_cfg=dict(embed_dims=16, num_heads=2, num_levels=3, num_points=2,
                               batch_first=True),
            ffn_cfg=dict(embed_dims=16, feedforward_channels=32, ffn_drop=0.1))),
        positional_encoding=dict(num_feats=8, normalize=True)))


@pytest.fixture
def batch(make_sample):
    masks = torch.zeros(2, 3, 64, 96)
    masks[0, :, 4:30, 4:40], masks[1, 1:, 30:60, 50:90] = 1, 1
    sample = make_sample(masks)
    sample.set_metainfo(dict(seed=1))
    return torch.randn(1, 3, 3, 64, 96), [sample]


def train(model, batch):
    """Losses, gradients, and the bytes that the forward pass keeps for the backward pass."""
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    model.train()
    torch.manual_seed(3)  # of drop path and dropout
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        losses = model(*copy.deepcopy(batch), mode='loss')
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return losses, gradients, sum(kept.values())


@pytest.mark.parametrize('parts, share', [({}, 0.8), (SWIN, 0.6)], ids=['tiny', 'swin'])
def test_same_gradients_from_less_memory(make_model, batch, parts, share):
    plain, checkpointed = make_model(**parts), make_model(**parts, with_cp=True)
    checkpointed.load_state_dict(plain.state_dict())  # the names are the same, too
    (losses, gradients, memory), (losses_cp, gradients_cp, memory_cp) = (
        train(model, batch) for model in (plain, checkpointed))
    assert losses.keys() == losses_cp.keys() and gradients.keys() == gradients_cp.keys()
    for name, value in losses.items():
        assert torch.equal(value, losses_cp[name]), name
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradients_cp[name], gradient, rtol=1e-6, atol=1e-7)
    assert memory_cp < share * memory


def test_layers_of_all_parts(make_model):
    model = make_model(**SWIN)
    names = {module: name for name, module in model.named_modules()}
    assert [names[layer] for layer in repeated_layers(model)] == [
        *(f'backbone.stages.{stage}.blocks.{block}'
          for stage, depth in enumerate([1, 2, 1, 1]) for block in range(depth)),
        'pixel_encoder.encoder.layers.0', 'pixel_encoder.encoder.layers.1',
        'compressor.layers.0', 'compressor.layers.1',
        'history_decoder.layers.0', 'history_decoder.layers.1',
        'head.layers.0', 'head.layers.1', 'head.layers.2']


def test_a_frozen_backbone_keeps_nothing(make_model, batch):
    model = make_model(**SWIN, frozen=['backbone'])

    kept = []
    with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda tensor: tensor):
        model.train().backbone(batch[0][0])
    assert kept == []
