import pytest
import torch
import torch.nn.functional as F

from ausm_mm.models.temporal_mixers.causal_conv import causal_conv


@pytest.fixture
def weights():
    return torch.randn(5, 4), torch.randn(5)  # E = 5, K = 4


@pytest.mark.parametrize('T', [1, 2, 3, 5, 16])
def test_equals_left_padded_depthwise_conv1d(weights, T):
    x = torch.randn(7, T, 5)
    y, state = causal_conv(x, *weights)
    padded = F.pad(x.transpose(1, 2), (3, 0))
    expected = F.conv1d(padded, weights[0][:, None], weights[1], groups=5)
    torch.testing.assert_close(y, expected.transpose(1, 2))
    torch.testing.assert_close(state, padded[..., -3:].transpose(1, 2))


@pytest.mark.parametrize('cut', [1, 2, 4])
def test_state_continues_the_sequence(weights, cut):
    x = torch.randn(7, 6, 5)
    whole, last = causal_conv(x, *weights)
    first, state = causal_conv(x[:, :cut], *weights)
    second, state = causal_conv(x[:, cut:], *weights, state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(state, last)


def test_keeps_the_dtype_of_the_input(weights):
    x = torch.randn(2, 3, 5, dtype=torch.bfloat16)
    y, state = causal_conv(x, *weights, torch.randn(2, 3, 5))
    assert y.dtype == state.dtype == torch.bfloat16


def test_kernel_of_one_has_an_empty_state():
    x = torch.randn(2, 3, 5)
    weight, bias = torch.randn(5, 1), torch.randn(5)
    y, state = causal_conv(x, weight, bias)
    torch.testing.assert_close(y, x * weight[:, 0] + bias)
    assert state.shape == (2, 0, 5)
