from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from ausm_mm.models import HistoryDecoder

SIZES, CANVAS = [(32, 48), (20, 31)], (32, 48)  # valid cells at stride 8: 4 x 6 and 3 x 4


@pytest.fixture
def make(position, random_parameters):

    def build(redraw=True, **options):
        decoder = HistoryDecoder(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32,
                                 positional_encoding=position(), **options)
        return random_parameters(decoder) if redraw else decoder

    return build


def _residual_reference(decoder, features, history):
    """R of every frame by itself, on its valid pixels only; zero elsewhere."""
    valid = features.valid(history.shape[-2:])
    codes = decoder.positional_encoding(~valid)
    out = torch.zeros_like(history)
    for n, where in enumerate(valid):
        pos, past = codes[n][:, where].t(), history[n][:, where].t()
        x = features.x[n][:, where].t() + decoder.local_path(past)
        for layer in decoder.layers:
            attentions = []
            for ours in (layer.self_attn, layer.cross_attn):
                attentions.append(nn.MultiheadAttention(16, 2, batch_first=True))
                attentions[-1].load_state_dict(ours.state_dict())
            value = layer.self_norm(x)
            x = x + attentions[0](value + pos, value + pos, value)[0]
            x = x + attentions[1](layer.cross_norm(x) + pos, past + pos, past)[0]
            x = x + layer.ffn(layer.ffn_norm(x))
        out[n][:, where] = decoder.out_proj(decoder.norm(x)).t()
    return out


def test_equals_reference(make, make_features):
    """Finest level: the residual itself; coarser: its mean; mask feature: projected, bilinear."""
    decoder, features = make(), make_features(SIZES, CANVAS)
    history = torch.randn(2, 16, 4, 6)
    residual = _residual_reference(decoder, features, history)
    out = decoder(features, history)
    torch.testing.assert_close(out.x, features.x + residual, rtol=1e-5, atol=1e-5)
    coarse = residual.view(2, 16, 2, 2, 3, 2).mean((3, 5))
    torch.testing.assert_close(out.levels[0], features.levels[0] + coarse, rtol=1e-5, atol=1e-5)
    for_mask = torch.einsum('oc,nchw->nohw', decoder.mask_proj.weight, residual)
    for_mask = F.interpolate(for_mask, scale_factor=2, mode='bilinear')
    torch.testing.assert_close(
        out.mask_feature, features.mask_feature + for_mask, rtol=1e-5, atol=1e-4)
    assert torch.equal(out.image_sizes, features.image_sizes) and out.canvas == CANVAS


def test_zero_init_keeps_every_feature_exactly(make, make_features):
    decoder, features = make(redraw=False, zero_init=True), make_features(SIZES, CANVAS)
    out = decoder(features, torch.randn(2, 16, 4, 6))
    for level, before in zip(out.levels, features.levels):
        assert torch.equal(level, before)
    assert torch.equal(out.mask_feature, features.mask_feature)


def test_zero_init_can_be_left(make, make_features):
    """One place only: its gradient is not zero, and once it moved every part learns."""
    decoder, features = make(redraw=False, zero_init=True), make_features(SIZES, CANVAS)
    history = torch.randn(2, 16, 4, 6)
    for step in range(2):
        decoder.zero_grad()
        out = decoder(features, history)
        sum((level * torch.randn_like(level)).sum()
            for level in (*out.levels, out.mask_feature)).backward()
        moved = {n for n, p in decoder.named_parameters() if p.grad.abs().max() > 0}
        if step == 0:
            assert moved == {'out_proj.weight', 'out_proj.bias'}
            torch.optim.SGD(decoder.parameters(), 0.1).step()
    assert moved == {n for n, _ in decoder.named_parameters()}


def test_without_zero_init_history_shows_on_all_features(make, make_features):
    decoder, features = make(redraw=False), make_features(SIZES, CANVAS)
    out = decoder(features, torch.randn(2, 16, 4, 6))
    for after, before in zip((*out.levels, out.mask_feature),
                             (*features.levels, features.mask_feature)):
        assert (after - before).abs().max() > 1e-2


def test_padding_has_no_influence(make, make_features):
    decoder, features = make(), make_features(SIZES, CANVAS)
    history = torch.randn(2, 16, 4, 6)
    before = decoder(features, history)
    # The changed X itself stays in G; what must not change is the residual, everywhere.
    padding = ~features.valid((4, 6))[:, None]
    changed_x = torch.where(padding, 100 * torch.randn_like(features.x), features.x)
    changed = decoder(
        replace(features, levels=(features.levels[0], changed_x)),
        torch.where(padding, 100 * torch.randn_like(history), history))
    torch.testing.assert_close(changed.levels[0], before.levels[0])
    torch.testing.assert_close(changed.mask_feature, before.mask_feature)
    where = ~padding.expand_as(before.x)
    torch.testing.assert_close(changed.x[where], before.x[where])
    assert torch.equal(changed.x[~where], changed_x[~where])  # no residual at padding


def test_frames_do_not_mix(make, make_features):
    decoder, features = make(), make_features(SIZES, CANVAS)
    history = torch.randn(2, 16, 4, 6)
    before = decoder(features, history)
    history[1] = torch.randn(16, 4, 6)
    after = decoder(features, history)
    torch.testing.assert_close(after.x[0], before.x[0])
    assert (after.x[1] - before.x[1]).abs().max() > 1e-3


def test_local_path_ties_pixel_to_pixel(make, make_features):
    """With attention silent, the history of one pixel changes that pixel alone."""
    decoder, features = make(), make_features([(32, 48)], CANVAS)
    for layer in decoder.layers:
        for attention in (layer.self_attn, layer.cross_attn):
            nn.init.zeros_(attention.out_proj.weight)
    history = torch.randn(1, 16, 4, 6)
    before = decoder(features, history)
    history[0, :, 2, 3] = torch.randn(16)
    changed = (decoder(features, history).x - before.x)[0].abs().amax(0) > 1e-5
    assert changed.nonzero().tolist() == [[2, 3]]
