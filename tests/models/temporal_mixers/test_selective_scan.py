import pytest
import torch

from ausm_mm.models.temporal_mixers import selective_scan
from ausm_mm.models.temporal_mixers.selective_scan import (
    selective_scan_blocked,
    selective_scan_loop,
)

D, S = 3, 4


def _inputs(N, T, with_state, dtype=torch.float64):
    x, dt = torch.randn(N, T, D, dtype=dtype), torch.rand(N, T, D, dtype=dtype)
    A = -torch.rand(D, S, dtype=dtype) * 3
    B, C = torch.randn(N, T, S, dtype=dtype), torch.randn(N, T, S, dtype=dtype)
    state = torch.randn(N, S, D, dtype=dtype) if with_state else None
    return [x, dt, A, B, C], state


def _scalar_scan(x, dt, A, B, C, state):
    """h_s = exp(dt A_s) h_s + B_s dt x, y = sum_s C_s h_s, one number at a time."""
    N, T, _ = x.shape
    h = torch.zeros(N, S, D, dtype=x.dtype) if state is None else state.clone()
    y = torch.zeros_like(x)
    for n in range(N):
        for t in range(T):
            for d in range(D):
                for s in range(S):
                    decay = torch.exp(dt[n, t, d] * A[d, s])
                    h[n, s, d] = decay * h[n, s, d] + B[n, t, s] * dt[n, t, d] * x[n, t, d]
                    y[n, t, d] += C[n, t, s] * h[n, s, d]
    return y, h


@pytest.fixture(params=[1, 2 * S * D, 3 * S * D, 2**18], ids=['1', '2', '3', 'all'])
def block(request, monkeypatch):
    """Blocks of 1, 2 and 3 pixels, and one block for all."""
    monkeypatch.setattr(selective_scan, 'BLOCK_ELEMENTS', request.param)


@pytest.mark.parametrize('with_state', [False, True])
def test_loop_equals_scalar_definition(with_state):
    inputs, state = _inputs(2, 3, with_state)
    torch.testing.assert_close(
        selective_scan_loop(*inputs, state), _scalar_scan(*inputs, state))


@pytest.mark.parametrize('with_state', [False, True])
@pytest.mark.parametrize('T', [1, 2, 5, 16])
def test_blocked_equals_loop(block, T, with_state):
    inputs, state = _inputs(7, T, with_state)  # 7 is no multiple of 2 or 3
    leaves = [x.clone().requires_grad_() for x in inputs]
    oracle_leaves = [x.clone().requires_grad_() for x in inputs]
    y, last = selective_scan_blocked(*leaves, state)
    expected, expected_last = selective_scan_loop(*oracle_leaves, state)
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(last, expected_last)

    dy = torch.randn_like(y)
    y.backward(dy)
    expected.backward(dy)
    for name, leaf, oracle in zip(('x', 'dt', 'A', 'B', 'C'), leaves, oracle_leaves):
        torch.testing.assert_close(leaf.grad, oracle.grad, msg=lambda m, n=name: f'{n}: {m}')


def test_gradcheck(block):
    inputs, state = _inputs(3, 3, with_state=True)
    leaves = [x.requires_grad_() for x in inputs]
    assert torch.autograd.gradcheck(lambda *a: selective_scan_blocked(*a, state)[0], leaves)


def test_gradient_that_is_not_contiguous(block):
    inputs, _ = _inputs(5, 4, with_state=False)
    leaves = [x.clone().requires_grad_() for x in inputs]
    oracle_leaves = [x.clone().requires_grad_() for x in inputs]
    dy = torch.randn(D, 4, 5, dtype=torch.float64).permute(2, 1, 0)
    selective_scan_blocked(*leaves)[0].backward(dy)
    selective_scan_loop(*oracle_leaves)[0].backward(dy)
    for leaf, oracle in zip(leaves, oracle_leaves):
        torch.testing.assert_close(leaf.grad, oracle.grad)


def test_state_is_left_alone_and_gets_no_gradient():
    inputs, state = _inputs(3, 4, with_state=True)
    before = state.clone()
    state.requires_grad_()
    y, last = selective_scan_blocked(*[x.requires_grad_() for x in inputs], state)
    y.sum().backward()
    assert torch.equal(state, before)
    assert state.grad is None and not last.requires_grad


def test_causal(block):
    inputs, state = _inputs(4, 6, with_state=True)
    before, _ = selective_scan_blocked(*inputs, state)
    changed = [x.clone() for x in inputs]
    for i in (0, 1, 3, 4):  # not A
        changed[i][:, 4:] += 1
    after, _ = selective_scan_blocked(*changed, state)
    assert torch.equal(before[:, :4], after[:, :4])
    assert not torch.equal(before[:, 4:], after[:, 4:])


def test_sequences_do_not_mix(block):
    inputs, state = _inputs(5, 4, with_state=True)
    before, _ = selective_scan_blocked(*inputs, state)
    changed = [x.clone() for x in inputs]
    changed[0][2] += 1
    after, _ = selective_scan_blocked(*changed, state)
    others = [0, 1, 3, 4]
    assert torch.equal(before[others], after[others])


def test_two_chunks_equal_the_whole(block):
    (x, dt, A, B, C), _ = _inputs(5, 7, with_state=False)
    whole, last = selective_scan_blocked(x, dt, A, B, C)
    first, state = selective_scan_blocked(x[:, :3], dt[:, :3], A, B[:, :3], C[:, :3])
    second, state = selective_scan_blocked(x[:, 3:], dt[:, 3:], A, B[:, 3:], C[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    torch.testing.assert_close(state, last)


def test_strong_decay_stays_finite():
    """Steps so large that exp(dt A) underflows: forms with running quotients fail here."""
    (x, dt, A, B, C), _ = _inputs(4, 16, with_state=False, dtype=torch.float32)
    leaves = [z.clone().requires_grad_() for z in (x, dt * 200, A * 50, B, C)]
    y, _ = selective_scan_blocked(*leaves)
    y.sum().backward()
    oracle, _ = selective_scan_loop(*[z.double() for z in leaves])
    torch.testing.assert_close(y.double(), oracle, rtol=1e-5, atol=1e-4)
    assert all(leaf.grad.isfinite().all() for leaf in leaves)
