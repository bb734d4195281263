import pytest
import torch
from torch import nn

from ausm_mm.models import HistoryCompressor
from ausm_mm.models.necks import history_compressor as module
from ausm_mm.models.necks.history_compressor import mix_in_chunks
from ausm_mm.registry import MODELS

MIXERS = {
    'MambaLoop': dict(type='MambaLoop', state_dims=4, conv_kernel=3),
    'Mamba': dict(type='Mamba', state_dims=4, conv_kernel=3),
    'Mamba2': dict(type='Mamba2', state_dims=4, head_dims=8, conv_kernel=3)
}
CLOSE = dict(rtol=1e-5, atol=1e-5)


@pytest.fixture
def make(position, random_parameters):
    return lambda mixer='Mamba': random_parameters(HistoryCompressor(
        embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32,
        mixer=MIXERS[mixer], positional_encoding=position()))


@pytest.fixture
def inputs():
    """Function (T) -> E of two clips on a grid of 4 x 5, the second one padded to it."""

    def build(T):
        valid = torch.ones(2, 4, 5, dtype=torch.bool)
        valid[1, 3:], valid[1, :, 3:] = False, False
        return torch.randn(2, T, 16, 4, 5), valid

    return build


def _assert_same_where_valid(actual, expected, valid):
    """(B, T, D, h, w) compared where (B, h, w)."""
    where = valid[:, None, None].expand_as(actual)
    torch.testing.assert_close(actual[where], expected[where], **CLOSE)


def _reference(compressor, marked, valid):
    """Clip by clip, on its valid pixels only: mixer over time, attention in each frame."""
    outs = torch.zeros_like(marked)
    codes = compressor.positional_encoding(~valid)
    for clip, clip_valid in enumerate(valid):
        x = marked[clip][:, :, clip_valid].transpose(1, 2)  # (T, P, D)
        pos = codes[clip][:, clip_valid].t()
        for layer in compressor.layers:
            x = x + layer.mixer(layer.mixer_norm(x).transpose(0, 1))[0].transpose(0, 1)
            attention = nn.MultiheadAttention(16, 2, batch_first=True)
            attention.load_state_dict(layer.attn.state_dict())
            value = layer.attn_norm(x)
            x = x + attention(value + pos, value + pos, value)[0]
            x = x + layer.ffn(layer.ffn_norm(x))
        outs[clip][:, :, clip_valid] = compressor.norm(x).transpose(1, 2)
    return outs


def test_equals_reference_on_the_valid_pixels(make, inputs):
    compressor, (marked, valid) = make(), inputs(3)
    history, _ = compressor(marked, valid)
    _assert_same_where_valid(history, _reference(compressor, marked, valid), valid)


@pytest.mark.parametrize('mixer', MIXERS)
@pytest.mark.parametrize('T', [1, 2, 16])
def test_parallel_equals_streaming(make, inputs, mixer, T):
    compressor, (marked, valid) = make(mixer), inputs(T)
    with torch.no_grad():
        whole, last = compressor(marked, valid)
        states, steps = None, []
        for t in range(T):
            history, states = compressor.step(marked[:, t], valid, states)
            steps.append(history)
    torch.testing.assert_close(torch.stack(steps, 1), whole, **CLOSE)
    for state, expected in zip(states, last):
        torch.testing.assert_close(tuple(state), tuple(expected), **CLOSE)


@pytest.mark.parametrize('mixer', MIXERS)
def test_state_carried_over_chunks_of_two(make, inputs, mixer):
    compressor, (marked, valid) = make(mixer), inputs(5)
    with torch.no_grad():
        whole, _ = compressor(marked, valid)
        states, parts = None, []
        for t in range(0, 5, 2):
            part, states = compressor(marked[:, t:t + 2], valid, states)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts, 1), whole, **CLOSE)


def test_bfloat16_parallel_equals_streaming(make, inputs):
    """The mixers agree within 4e-2 of max |y|; two layers of bfloat16 attention follow them."""
    compressor, (marked, valid) = make(), inputs(5)
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        whole, _ = compressor(marked, valid)
        states, steps = None, []
        for t in range(5):
            history, states = compressor.step(marked[:, t], valid, states)
            steps.append(history)
    torch.testing.assert_close(
        torch.stack(steps, 1), whole, rtol=0, atol=4e-2 * whole.abs().max().item())


def test_padded_pixels_have_no_influence(make, inputs):
    compressor, (marked, valid) = make(), inputs(3)
    before, _ = compressor(marked, valid)
    changed = torch.where(valid[:, None, None], marked, 100 * torch.randn_like(marked))
    after, _ = compressor(changed, valid)
    _assert_same_where_valid(after, before, valid)


def test_clips_do_not_mix(make, inputs):
    compressor, (marked, valid) = make(), inputs(3)
    before, _ = compressor(marked, valid)
    marked[1] = torch.randn(3, 16, 4, 5)
    after, _ = compressor(marked, valid)
    torch.testing.assert_close(after[0], before[0], **CLOSE)


def test_causal_over_time(make, inputs):
    compressor, (marked, valid) = make(), inputs(5)
    before, _ = compressor(marked, valid)
    marked[:, 3] = torch.randn(2, 16, 4, 5)
    after, _ = compressor(marked, valid)
    torch.testing.assert_close(after[:, :3], before[:, :3], **CLOSE)
    # Frames 3 and 4 remember it everywhere: the attention spreads what one pixel saw.
    assert (after - before)[:, 3:].abs().amax(2)[valid[:, None].expand(2, 2, 4, 5)].min() > 1e-4


@pytest.mark.parametrize('mixer', MIXERS)
@pytest.mark.parametrize('with_state', [False, True])
def test_mix_in_chunks_equals_the_whole(monkeypatch, random_parameters, mixer, with_state):
    mixer = random_parameters(MODELS.build(dict(MIXERS[mixer], embed_dims=16)))
    monkeypatch.setattr(module, 'CHUNK', 4)
    x, sizes = torch.randn(11, 3, 16), []
    state = mixer(torch.randn(11, 2, 16))[1] if with_state else None
    expected, expected_state = mixer(x, state)
    mixer.register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    with torch.no_grad():
        out, last = mix_in_chunks(mixer, x, state)
    assert sizes == [4, 4, 3]
    torch.testing.assert_close(out, expected, **CLOSE)
    torch.testing.assert_close(tuple(last), tuple(expected_state), **CLOSE)
    assert type(last) is type(expected_state)


def test_gradients_are_taken_in_one_go(monkeypatch, make):
    mixer = make().layers[0].mixer
    monkeypatch.setattr(module, 'CHUNK', 4)
    sizes = []
    mixer.register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    mix_in_chunks(mixer, torch.randn(11, 3, 16), None)
    assert sizes == [11]


def test_every_parameter_gets_a_gradient(make, inputs):
    compressor, (marked, valid) = make(), inputs(3)
    history, _ = compressor(marked, valid)
    (history * torch.randn_like(history)).sum().backward()
    for name, parameter in compressor.named_parameters():
        assert parameter.grad.abs().max() > 0, name
