import pytest
import torch
from torch import nn

from ausm_mm.models.layers import FFN, MultiheadAttention


@pytest.fixture
def attention(random_parameters):
    return random_parameters(MultiheadAttention(16, 4))


def _inputs():
    return torch.randn(2, 5, 16), torch.randn(2, 7, 16), torch.randn(2, 7, 16)


def test_equals_the_parent_with_the_same_weights(attention):
    parent = nn.MultiheadAttention(16, 4, batch_first=True)
    parent.load_state_dict(attention.state_dict())
    inputs = _inputs()
    torch.testing.assert_close(attention(*inputs), parent(*inputs)[0])


def test_equals_softmax_by_hand_with_a_mask(attention):
    query, key, value = _inputs()
    mask = torch.rand(2, 1, 5, 7) > 0.5
    mask[..., 0] = True
    w, b = attention.in_proj_weight, attention.in_proj_bias
    q, k, v = (x @ w[16 * i:16 * i + 16].t() + b[16 * i:16 * i + 16]
               for i, x in enumerate((query, key, value)))
    heads = []
    for h in range(4):
        part = slice(4 * h, 4 * h + 4)
        scores = q[..., part] @ k[..., part].transpose(1, 2) / 2  # sqrt(4)
        heads.append(scores.masked_fill(~mask[:, 0], -torch.inf).softmax(-1) @ v[..., part])
    expected = attention.out_proj(torch.cat(heads, -1))
    torch.testing.assert_close(attention(query, key, value, mask), expected)


def test_masked_keys_have_no_influence(attention):
    query, key, value = _inputs()
    mask = torch.tensor([True] * 4 + [False] * 3).expand(2, 1, 1, 7)
    before = attention(query, key, value, mask)
    key[:, 4:], value[:, 4:] = 1e3, -1e3
    assert torch.equal(attention(query, key, value, mask), before)


def test_ffn_by_hand(random_parameters):
    ffn = random_parameters(FFN(4, 6))
    x = torch.randn(3, 4)
    hidden = (x @ ffn[0].weight.t() + ffn[0].bias).clamp(min=0)
    torch.testing.assert_close(ffn(x), hidden @ ffn[2].weight.t() + ffn[2].bias)
