from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from ausm_mm.datasets.synthetic import SyntheticOptions, write_synthetic
from ausm_mm.models import HistoryCompressor

ROOT = Path(__file__).parents[2]
CONFIG = 'projects/gru_mixer/configs/ausm_tiny-gru_synthetic-10min.py'


@pytest.fixture(autouse=True)
def projects_on_the_path(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))  # as PYTHONPATH=. does


@pytest.fixture
def mixer():
    from projects.gru_mixer.gru_mixer import GRUMixer
    torch.manual_seed(0)
    return GRUMixer(embed_dims=8, hidden_dims=12)


def test_equations(mixer):
    """The gates as in the paper, written out."""
    x, h = torch.randn(5, 8), torch.zeros(5, 12)
    gru = mixer.gru
    for _ in range(2):
        from_x = (x @ gru.weight_ih_l0.T + gru.bias_ih_l0).chunk(3, 1)
        from_h = (h @ gru.weight_hh_l0.T + gru.bias_hh_l0).chunk(3, 1)
        reset, update = ((a + b).sigmoid() for a, b in zip(from_x[:2], from_h[:2]))
        h = (1 - update) * (from_x[2] + reset * from_h[2]).tanh() + update * h
    y, state = mixer(torch.stack([x, x], 1))
    torch.testing.assert_close(state.hidden, h)
    torch.testing.assert_close(y[:, 1], h @ mixer.out_proj.weight.T)


@pytest.mark.parametrize('T', [1, 2, 16])
def test_steps_and_chunks_equal_forward(mixer, T):
    x = torch.randn(3, T, 8)
    y, last = mixer(x)
    state, steps = None, []
    for t in range(T):
        out, state = mixer.step(x[:, t], state)
        steps.append(out)
    torch.testing.assert_close(torch.stack(steps, 1), y)
    torch.testing.assert_close(state.hidden, last.hidden)
    assert state.hidden.shape == (3, 12)

    head, state = mixer(x[:, :T // 2]) if T > 1 else (x[:, :0], None)
    tail, state = mixer(x[:, T // 2:], state)
    torch.testing.assert_close(torch.cat([head, tail], 1), y)
    torch.testing.assert_close(state.hidden, last.hidden)


def test_inside_the_compressor(mixer):
    compressor = HistoryCompressor(
        embed_dims=8, num_layers=2, num_heads=2, mixer=dict(type='GRUMixer'),
        positional_encoding=dict(type='SinePositionalEncoding', num_feats=4))
    marked, valid = torch.randn(1, 3, 8, 4, 5), torch.ones(1, 4, 5, dtype=torch.bool)
    together, _ = compressor(marked, valid)
    states = None
    for t in range(3):
        one, states = compressor.step(marked[:, t], valid, states)
        torch.testing.assert_close(one, together[:, t])
    assert [state.hidden.shape for state in states] == [(20, 8), (20, 8)]


def test_trains_and_tests(tmp_path, monkeypatch):
    """Eight iterations on eight clips through mmengine's Runner, then both tasks."""
    monkeypatch.chdir(tmp_path)  # the config's paths are relative
    write_synthetic('data/synthetic', SyntheticOptions(
        num_train=8, num_val=0, num_test=1, frames=(5, 6), size=(32, 48)))
    cfg = Config.fromfile(ROOT / CONFIG)
    cfg.merge_from_dict(dict(
        work_dir='work', randomness=dict(seed=0), param_scheduler=None,
        val_dataloader=None, val_cfg=None, val_evaluator=None,
        train_cfg=dict(max_iters=8), train_dataloader=dict(batch_size=2),
        default_hooks=dict(logger=dict(interval=1))))
    runner = Runner.from_cfg(cfg)
    mixers = [layer.mixer for layer in runner.model.compressor.layers]
    assert {type(mixer).__name__ for mixer in mixers} == {'GRUMixer'}
    before = [mixer.gru.weight_hh_l0.clone() for mixer in mixers]

    runner.train()
    losses, _ = runner.message_hub.get_scalar('train/loss').data
    assert len(losses) == 8 and losses[-3:].mean() < losses[:3].mean()
    assert all((mixer.gru.weight_hh_l0 - old).abs().max() > 0
               for mixer, old in zip(mixers, before))

    scores = runner.test()
    assert 0 <= scores['vis/AP'] <= scores['vis/AP50'] <= 1
    assert scores['vos/J&F'] == pytest.approx((scores['vos/J'] + scores['vos/F']) / 2)
