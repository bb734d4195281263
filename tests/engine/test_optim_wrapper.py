import torch
from torch import nn

from ausm_mm.engine import BFloat16OptimWrapper
from ausm_mm.registry import OPTIM_WRAPPERS


def test_rounds_the_forward_pass_only():
    torch.manual_seed(0)
    model, x = nn.Linear(64, 8), torch.randn(5, 64)
    wrapper = OPTIM_WRAPPERS.build(dict(
        type='BFloat16OptimWrapper', optimizer=torch.optim.SGD(model.parameters(), 0.1),
        clip_grad=dict(max_norm=1e9)))
    assert type(wrapper) is BFloat16OptimWrapper
    with wrapper.optim_context(model):
        rounded = model(x)
    assert rounded.dtype == torch.bfloat16 and model(x).dtype == torch.float32
    torch.testing.assert_close(rounded.float(), model(x), rtol=0.02, atol=0.02)

    before = model.weight.clone()
    wrapper.update_params(rounded.float().square().sum())
    assert model.weight.dtype == torch.float32 and (model.weight - before).abs().max() > 0


def test_gradients_are_not_scaled():
    model = nn.Linear(1, 1, bias=False)
    wrapper = BFloat16OptimWrapper(torch.optim.SGD(model.parameters(), 1.))
    model.weight.data.fill_(3)
    with wrapper.optim_context(model):
        loss = model(torch.full((1, 1), 2.)).float().sum()
    wrapper.update_params(loss)  # the gradient is 2
    assert model.weight.item() == 1
    assert set(wrapper.state_dict()) == {'state', 'param_groups'}
