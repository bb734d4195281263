"""The calls into mamba-ssm, checked with stand-ins for its kernels that compute by the loop."""
import sys
from types import ModuleType

import pytest
import torch

from ausm_mm.models.temporal_mixers import selective_scan_cuda as module
from ausm_mm.models.temporal_mixers.selective_scan import selective_scan_loop

D, S = 6, 4


def _inputs(N, T):
    x, dt = torch.randn(N, T, D), torch.rand(N, T, D)
    A, B, C = -torch.rand(D, S), torch.randn(N, T, S), torch.randn(N, T, S)
    return x, dt, A, B, C


class FakeKernels:
    """Records what the two kernels are given, checks it, and answers by the loop."""

    def __init__(self, max_batch):
        self.max_batch = max_batch
        self.calls = []

    def selective_scan_fn(self, u, delta, A, B, C, D=None, z=None, delta_bias=None,
                          delta_softplus=False, return_last_state=False):
        N, width, T = u.shape
        assert delta.shape == u.shape and A.shape == (width, S)
        assert B.shape == C.shape == (N, S, T)
        assert all(x.is_contiguous() for x in (u, delta, B, C))
        assert D is None and z is None and delta_bias is None and not delta_softplus
        assert return_last_state and N <= self.max_batch
        self.calls.append(('scan', N))
        y, last = selective_scan_loop(*(x.transpose(1, 2) for x in (u, delta)), A,
                                      *(x.transpose(1, 2) for x in (B, C)))
        return y.transpose(1, 2), last.transpose(1, 2)

    @torch.no_grad()  # the kernel has no backward pass
    def selective_state_update(self, state, x, dt, A, B, C, D=None, z=None, dt_bias=None,
                               dt_softplus=False):
        N, width, _ = state.shape
        assert state.is_contiguous() and state.shape == (N, width, S)
        assert x.shape == dt.shape == (N, width) and A.shape == (width, S)
        assert B.shape == C.shape == (N, S)
        # mamba-ssm 2 takes their strides without asking whether they are None.
        assert D.shape == dt_bias.shape == (width,)
        assert z is None and not dt_softplus and N <= self.max_batch
        self.calls.append(('update', N))
        y, last = selective_scan_loop(x[:, None], (dt + dt_bias)[:, None], A, B[:, None],
                                      C[:, None], state.transpose(1, 2))
        state.copy_(last.transpose(1, 2))  # in place
        return y[:, 0] + D * x


@pytest.fixture
def kernels(monkeypatch):
    """Stand-ins for mamba-ssm's modules that allow batches of 8."""
    fake = FakeKernels(max_batch=8)
    interface = ModuleType('mamba_ssm.ops.selective_scan_interface')
    interface.selective_scan_fn = fake.selective_scan_fn
    update = ModuleType('mamba_ssm.ops.triton.selective_state_update')
    update.selective_state_update = fake.selective_state_update
    for name in ('mamba_ssm', 'mamba_ssm.ops', 'mamba_ssm.ops.triton'):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for part in (interface, update):
        monkeypatch.setitem(sys.modules, part.__name__, part)
    monkeypatch.setattr(module, 'MAX_SEQUENCES', 8)
    return fake


@pytest.mark.parametrize('T', [1, 5])
@pytest.mark.parametrize('N, slices', [(8, [8]), (19, [8, 8, 3])])
def test_from_zero(kernels, N, slices, T):
    inputs = _inputs(N, T)
    result = module.selective_scan_cuda(*inputs)
    torch.testing.assert_close(result, selective_scan_loop(*inputs))
    assert kernels.calls == [('scan', n) for n in slices]


@pytest.mark.parametrize('N, slices', [(8, [8]), (19, [8, 8, 3])])
def test_one_frame_with_state(kernels, N, slices):
    inputs, state = _inputs(N, 1), torch.randn(N, S, D)
    before = state.clone()
    with torch.no_grad():
        result = module.selective_scan_cuda(*inputs, state)
    torch.testing.assert_close(result, selective_scan_loop(*inputs, state))
    assert kernels.calls == [('update', n) for n in slices]
    assert torch.equal(state, before)  # a state may be used twice


def test_state_goes_from_scan_to_update(kernels):
    x, dt, A, B, C = _inputs(3, 5)
    with torch.no_grad():
        _, state = module.selective_scan_cuda(x[:, :4], dt[:, :4], A, B[:, :4], C[:, :4])
        y, last = module.selective_scan_cuda(x[:, 4:], dt[:, 4:], A, B[:, 4:], C[:, 4:], state)
    whole, expected = selective_scan_loop(x, dt, A, B, C)
    torch.testing.assert_close(y, whole[:, 4:])
    torch.testing.assert_close(last, expected)


def test_several_frames_with_state_use_the_loop(kernels):
    inputs, state = _inputs(3, 4), torch.randn(3, S, D)
    result = module.selective_scan_cuda(*inputs, state)
    torch.testing.assert_close(result, selective_scan_loop(*inputs, state))
    assert kernels.calls == []


@pytest.mark.parametrize('T', [1, 4])
def test_gradients_with_state(kernels, T):
    """The update kernel has none: frames that are trained step by step need the loop."""
    inputs, state = _inputs(3, T), torch.randn(3, S, D)
    grads = []
    for scan in (module.selective_scan_cuda, selective_scan_loop):
        leaves = [x.clone().requires_grad_() for x in inputs]
        y, _ = scan(*leaves, state)
        grads.append(torch.autograd.grad(y.square().sum(), leaves))
    torch.testing.assert_close(*grads)


def test_last_state_carries_no_gradient(kernels):
    x, *others = _inputs(3, 4)
    y, last = module.selective_scan_cuda(x.requires_grad_(), *others)
    assert y.requires_grad and not last.requires_grad


@pytest.fixture
def fresh_probe():
    module.cuda_kernels_usable.cache_clear()
    yield
    module.cuda_kernels_usable.cache_clear()


def test_probe_finds_the_compiled_module(monkeypatch, fresh_probe):
    monkeypatch.setitem(sys.modules, 'selective_scan_cuda', ModuleType('selective_scan_cuda'))
    assert module.cuda_kernels_usable()


def test_probe_without_it_says_so_once(monkeypatch, fresh_probe):
    monkeypatch.setitem(sys.modules, 'selective_scan_cuda', None)  # import fails
    said = []
    monkeypatch.setattr(module, 'print_log', lambda message, **_: said.append(message))
    assert not module.cuda_kernels_usable() and not module.cuda_kernels_usable()
    assert len(said) == 1 and 'MAMBA_KEEP_CUDA_BUILD=TRUE pip install' in said[0]
