from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from ausm_mm.models import Mamba, MambaLoop
from ausm_mm.models.temporal_mixers import mamba as module
from ausm_mm.models.temporal_mixers.mamba import MambaState
from ausm_mm.registry import MODELS

OPTIONS = dict(embed_dims=32, state_dims=4, conv_kernel=3, expand=1.5)  # E = 48


def _reference(mixer, x):
    """The block of arXiv 2312.00752, figure 3, one sequence at a time; x (N, T, D)."""
    E, S, R = mixer.inner_dims, mixer.state_dims, mixer.dt_rank
    K = mixer.conv_weight.shape[1]
    outs = []
    for sequence in x:
        u, gate = F.linear(sequence, mixer.in_proj.weight).split(E, dim=1)
        u = F.conv1d(F.pad(u.t(), (K - 1, 0)), mixer.conv_weight[:, None], mixer.conv_bias,
                     groups=E).t()
        u = F.silu(u)
        projected = F.linear(u, mixer.x_proj.weight)
        dt, B, C = projected[:, :R], projected[:, R:R + S], projected[:, R + S:]
        dt = F.softplus(mixer.dt_proj(dt))
        A = -mixer.A_log.exp()
        h, ys = torch.zeros(E, S), []
        for t in range(len(u)):
            h = torch.exp(dt[t][:, None] * A) * h + (dt[t] * u[t])[:, None] * B[t]
            ys.append(h @ C[t] + mixer.D * u[t])
        outs.append(mixer.out_proj(torch.stack(ys) * F.silu(gate)))
    return torch.stack(outs)


@pytest.fixture
def mamba(random_parameters):
    return random_parameters(Mamba(**OPTIONS))


@pytest.fixture
def loop(mamba):
    """The loop with the same weights."""
    loop = MambaLoop(**OPTIONS)
    loop.load_state_dict(mamba.state_dict())
    return loop


@pytest.mark.parametrize('T', [1, 2, 5, 16])
def test_equals_reference(mamba, T):
    x = torch.randn(3, T, 32)
    torch.testing.assert_close(mamba(x)[0], _reference(mamba, x), rtol=1e-5, atol=1e-5)


def test_dims_are_rounded_as_in_the_reference_implementation():
    mixer = Mamba(embed_dims=40, state_dims=4)
    assert (mixer.inner_dims, mixer.dt_rank) == (80, 3)
    assert torch.equal(mixer.A_log.exp()[7].round(), torch.tensor([1., 2., 3., 4.]))
    steps = F.softplus(mixer.dt_proj.bias)
    assert 1e-3 <= steps.min() and steps.max() <= 0.1001 and steps.max() / steps.min() > 5


@pytest.mark.parametrize('T', [1, 2, 5, 16])
def test_loop_with_the_same_weights(mamba, loop, T):
    """Values, states and the gradient of every parameter."""
    x, weight = torch.randn(7, T, 32), torch.randn(7, T, 32)
    results = []
    for mixer in (mamba, loop):
        y, state = mixer(x)
        grads = torch.autograd.grad(
            (y * weight).sum(), list(mixer.parameters()), allow_unused=True)
        results.append((y, state, dict(zip(dict(mixer.named_parameters()), grads))))
    (y, state, grads), (loop_y, loop_state, loop_grads) = results
    torch.testing.assert_close(y, loop_y, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tuple(state), tuple(loop_state), rtol=1e-5, atol=1e-5)
    for name, grad in loop_grads.items():
        if grad is None:  # a single frame has no decay
            assert T == 1 and name == 'A_log'
            assert grads[name].abs().max() == 0
        else:
            torch.testing.assert_close(
                grads[name], grad, rtol=1e-4, atol=1e-4 * grad.abs().max().item())


@pytest.mark.parametrize('kind', [Mamba, MambaLoop])
@pytest.mark.parametrize('T', [1, 2, 16])
def test_steps_equal_forward(mamba, kind, T):
    mixer = kind(**OPTIONS)
    mixer.load_state_dict(mamba.state_dict())
    x = torch.randn(5, T, 32)
    whole, last = mixer(x)
    state, ys = None, []
    for t in range(T):
        y, state = mixer.step(x[:, t], state)
        ys.append(y)
    torch.testing.assert_close(torch.stack(ys, 1), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tuple(state), tuple(last), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('cut', [1, 4])
def test_state_carried_over_two_chunks(mamba, cut):
    x = torch.randn(5, 7, 32)
    whole, last = mamba(x)
    first, state = mamba(x[:, :cut])
    second, state = mamba(x[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tuple(state), tuple(last), rtol=1e-5, atol=1e-5)


def test_causal_and_pixels_apart(mamba):
    x = torch.randn(4, 6, 32)
    before, _ = mamba(x)
    x[:, 3:] += 1
    x[2] -= 1
    after, _ = mamba(x)
    torch.testing.assert_close(after[[0, 1, 3], :3], before[[0, 1, 3], :3])
    assert (after - before)[:, 3:].abs().amax(-1).min() > 1e-3


def test_state_size_does_not_depend_on_the_frames(mamba):
    sizes = {T: [part.shape for part in mamba(torch.randn(5, T, 32))[1]] for T in (1, 2, 16)}
    assert sizes[1] == sizes[2] == sizes[16] == [(5, 2, 48), (5, 4, 48)]


@pytest.mark.parametrize('T', [1, 5, 16])
def test_bfloat16_autocast(mamba, T):
    """Steps and forward agree, and both agree with float32; the recurrence stays float32."""
    x = torch.randn(5, T, 32)
    exact, _ = mamba(x)
    with torch.autocast('cpu', torch.bfloat16):
        whole, last = mamba(x)
        state, ys = None, []
        for t in range(T):
            y, state = mamba.step(x[:, t], state)
            ys.append(y)
    atol = 4e-2 * exact.abs().max().item()
    torch.testing.assert_close(torch.stack(ys, 1), whole, rtol=0, atol=atol)
    torch.testing.assert_close(whole.float(), exact, rtol=0, atol=atol)
    assert whole.dtype == torch.bfloat16
    assert last.ssm.dtype == state.ssm.dtype == torch.float32


def test_gradients_under_autocast(mamba):
    x = torch.randn(5, 4, 32)
    with torch.autocast('cpu', torch.bfloat16):
        y, _ = mamba(x)
    y.float().square().sum().backward()
    for name, parameter in mamba.named_parameters():
        assert parameter.grad.dtype == torch.float32, name
        assert parameter.grad.isfinite().all() and parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize('is_cuda, kernels, chosen', [
    (False, True, 'selective_scan_blocked'), (True, True, 'selective_scan_cuda'),
    (True, False, 'selective_scan_loop')])
def test_scan_for_the_device(monkeypatch, is_cuda, kernels, chosen):
    names = ('selective_scan_blocked', 'selective_scan_cuda', 'selective_scan_loop')
    for name in names:
        monkeypatch.setattr(module, name, lambda *_, name=name: name)
    monkeypatch.setattr(module, 'cuda_kernels_usable', lambda: kernels)
    x = SimpleNamespace(is_cuda=is_cuda)
    assert Mamba.scan(x, None, None, None, None, None) == chosen


def test_registered():
    mixer = MODELS.build(dict(type='MambaLoop', **OPTIONS))
    assert type(mixer) is MambaLoop and isinstance(mixer(torch.randn(2, 1, 32))[1], MambaState)
