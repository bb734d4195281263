import pytest
import torch
import torch.nn.functional as F

from ausm_mm.models import Mamba2
from ausm_mm.models.temporal_mixers.mamba2 import ssd_quadratic

OPTIONS = dict(embed_dims=32, state_dims=4, head_dims=16, conv_kernel=3, expand=1.5)  # 3 heads


def _ssd_sequential(x, dt, A, B, C, state=None):
    """h_t = exp(dt_t A) h_{t-1} + dt_t B_t x_t^T, y_t = C_t h_t, head by head."""
    N, T, H, P = x.shape
    y, last = torch.zeros_like(x), x.new_zeros(N, H, B.shape[-1], P)
    for n in range(N):
        for head in range(H):
            h = last[n, head] if state is None else state[n, head]
            for t in range(T):
                step = dt[n, t, head]
                h = torch.exp(step * A[head]) * h + step * torch.outer(B[n, t], x[n, t, head])
                y[n, t, head] = C[n, t] @ h
            last[n, head] = h
    return y, last


def _reference(mixer, x):
    """The block around the recurrence (arXiv 2405.21060, figure 6, left)."""
    E, S, H = mixer.inner_dims, mixer.state_dims, mixer.num_heads
    N, T, _ = x.shape
    projected = F.linear(x, mixer.in_proj.weight)
    gate, u, dt = projected[..., :E], projected[..., E:2 * E + 2 * S], projected[..., -H:]
    K = mixer.conv_weight.shape[1]
    u = F.conv1d(F.pad(u.transpose(1, 2), (K - 1, 0)), mixer.conv_weight[:, None],
                 mixer.conv_bias, groups=E + 2 * S).transpose(1, 2)
    u = F.silu(u)
    u, B, C = u[..., :E].reshape(N, T, H, -1), u[..., E:E + S], u[..., E + S:]
    y, _ = _ssd_sequential(u, F.softplus(dt + mixer.dt_bias), -mixer.A_log.exp(), B, C)
    y = (y + mixer.D[:, None] * u).reshape(N, T, E) * F.silu(gate)
    y = y / (y.square().mean(-1, keepdim=True) + 1e-5).sqrt() * mixer.norm.weight
    return F.linear(y, mixer.out_proj.weight)


def _inputs(T, with_state):
    N, H, P, S = 2, 3, 5, 4
    inputs = (torch.randn(N, T, H, P), torch.rand(N, T, H), -torch.rand(H) * 3,
              torch.randn(N, T, S), torch.randn(N, T, S))
    return inputs, torch.randn(N, H, S, P) if with_state else None


@pytest.fixture
def mixer(random_parameters):
    return random_parameters(Mamba2(**OPTIONS))


@pytest.mark.parametrize('with_state', [False, True])
@pytest.mark.parametrize('T', [1, 2, 5, 16])
def test_quadratic_equals_sequential(T, with_state):
    inputs, state = _inputs(T, with_state)
    torch.testing.assert_close(
        ssd_quadratic(*inputs, state), _ssd_sequential(*inputs, state), rtol=1e-5, atol=1e-5)


def test_gradients_equal_those_of_the_sequence():
    inputs, state = _inputs(6, True)
    grads = []
    for form in (ssd_quadratic, _ssd_sequential):
        leaves = [x.clone().requires_grad_() for x in (*inputs, state)]
        y, last = form(*leaves)
        grads.append(torch.autograd.grad(y.square().sum() + last.sum(), leaves))
    torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-4)


def test_strong_decay_stays_finite():
    """exp(c_t - c_s) overflows above the diagonal; it must not reach values or gradients."""
    (x, dt, A, B, C), _ = _inputs(16, False)
    dt = (dt * 1000).requires_grad_()
    y, last = ssd_quadratic(x, dt, A, B, C)
    torch.testing.assert_close(y, _ssd_sequential(x, dt, A, B, C)[0].detach(), rtol=1e-4,
                               atol=1e-2)
    (y.sum() + last.sum()).backward()
    assert dt.grad.isfinite().all()


@pytest.mark.parametrize('T', [1, 2, 5, 16])
def test_block_equals_reference(mixer, T):
    x = torch.randn(3, T, 32)
    torch.testing.assert_close(mixer(x)[0], _reference(mixer, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('T', [1, 2, 16])
def test_steps_equal_forward(mixer, T):
    x = torch.randn(3, T, 32)
    whole, last = mixer(x)
    state, ys = None, []
    for t in range(T):
        y, state = mixer.step(x[:, t], state)
        ys.append(y)
    torch.testing.assert_close(torch.stack(ys, 1), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tuple(state), tuple(last), rtol=1e-5, atol=1e-5)


def test_state_carried_over_two_chunks(mixer):
    x = torch.randn(3, 7, 32)
    whole, last = mixer(x)
    first, state = mixer(x[:, :3])
    second, state = mixer(x[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tuple(state), tuple(last), rtol=1e-5, atol=1e-5)


def test_causal(mixer):
    x = torch.randn(3, 6, 32)
    before, _ = mixer(x)
    x[:, 3:] += 1
    after, _ = mixer(x)
    torch.testing.assert_close(after[:, :3], before[:, :3])
    assert (after - before)[:, 3:].abs().amax(-1).min() > 1e-3


@pytest.mark.parametrize('T', [1, 5, 16])
def test_bfloat16_autocast(mixer, T):
    x = torch.randn(5, T, 32)
    exact, _ = mixer(x)
    with torch.autocast('cpu', torch.bfloat16):
        whole, last = mixer(x)
        state, ys = None, []
        for t in range(T):
            y, state = mixer.step(x[:, t], state)
            ys.append(y)
    atol = 4e-2 * exact.abs().max().item()
    torch.testing.assert_close(torch.stack(ys, 1), whole, rtol=0, atol=atol)
    torch.testing.assert_close(whole.float(), exact, rtol=0, atol=atol)
    assert whole.dtype == torch.bfloat16
    assert last.ssm.dtype == state.ssm.dtype == torch.float32


def test_head_dims_that_do_not_divide():
    with pytest.raises(ValueError, match='inner width 48 .* is not a multiple of head_dims=20'):
        Mamba2(**dict(OPTIONS, head_dims=20))
