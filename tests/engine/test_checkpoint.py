"""Checkpoints of the Runner and of others; nothing in them is ever run."""
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import load_checkpoint
from torch import nn

from ausm_mm.engine import (
    CheckpointError,
    load_weights,
    read_checkpoint,
    use_safe_reader,
)


class RunsCode:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / 'model.pth'


@pytest.fixture
def safe_reader(monkeypatch):
    """mmengine's own reader comes back afterwards."""
    monkeypatch.setattr(CheckpointLoader, '_schemes', CheckpointLoader._schemes.copy())
    use_safe_reader()


def error_line(function, *arguments) -> str:
    with pytest.raises(CheckpointError) as caught:
        function(*arguments)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def runner_checkpoint(model: nn.Module) -> dict:
    """What mmengine's Runner saves: weights, histories, numbers of NumPy."""
    hub = MessageHub('checkpoint test')
    for value in (3., 1.):
        hub.update_scalar('train/loss', value)
    hub.update_info('iter', np.int64(7))
    return dict(state_dict=model.state_dict(), message_hub=hub.state_dict(),
                meta=dict(iter=2, seed=np.uint32(5), dataset_meta=dict(classes=('a', 'b'))),
                optimizer=dict(state={}, param_groups=[]))


def test_runner_checkpoint(path):
    model = nn.Linear(2, 3)
    torch.save(runner_checkpoint(model), path)
    content = read_checkpoint(path)
    history = content['message_hub']['log_scalars']['train/loss']
    assert type(history) is HistoryBuffer and history.data[0].tolist() == [3, 1]
    assert history.statistics('mean') == 2 and history.statistics('min') == 1
    assert content['message_hub']['runtime_info'] == {'iter': 7}
    assert content['meta'] == dict(iter=2, seed=5, dataset_meta=dict(classes=('a', 'b')))
    torch.testing.assert_close(content['state_dict']['weight'], model.weight.detach())


def test_only_while_reading(path):
    """Other calls of torch.load in this process stay as strict as they were."""
    torch.save(runner_checkpoint(nn.Linear(1, 1)), path)
    read_checkpoint(path)
    with pytest.raises(pickle.UnpicklingError, match='Unsupported global'):
        torch.load(path, weights_only=True)


def test_code_is_refused_and_did_not_run(tmp_path, path):
    torch.save(dict(state_dict={}, extra=RunsCode(tmp_path / 'ran')), path)
    line = error_line(read_checkpoint, path)
    assert line.startswith(f'{path}: not loaded, since it holds pathlib.')
    assert line.endswith('which could run code; save it again with the state dict only, or convert '
                         'it by tools/model_converters with --trust if you trust its authors')
    assert not (tmp_path / 'ran').exists()
    torch.load(path, weights_only=False)  # it would have run
    assert (tmp_path / 'ran').exists()


class NamesAttribute:

    def __reduce__(self):
        return getattr, (HistoryBuffer, '__init__')


def test_getattr_gives_only_the_histories_own_methods(path):
    """They are pickled as getattr(HistoryBuffer, 'mean')."""
    torch.save(NamesAttribute(), path)
    assert 'holds getattr, which could run code' in error_line(read_checkpoint, path)


def test_damaged_and_missing_files(tmp_path, path):
    missing = tmp_path / 'gone.pth'
    assert error_line(read_checkpoint, missing) == (
        f'{missing}: no such checkpoint; check the path')
    torch.save(nn.Linear(30, 30).state_dict(), path)
    data = path.read_bytes()
    cure = f'{path}: cut short or no checkpoint; copy it again or take another one'
    for content in (b'', b'no checkpoint at all', data[:100], data[:len(data) // 2], data[:-1]):
        path.write_bytes(content)
        assert error_line(read_checkpoint, path) == cure
    assert error_line(read_checkpoint, tmp_path).startswith(f'{tmp_path}: cut short or no')


def test_no_dict(path):
    torch.save([torch.zeros(1)], path)
    assert error_line(read_checkpoint, path) == (
        f'{path}: holds a list, not a state dict; save model.state_dict()')


@pytest.mark.parametrize('pack', [lambda state: state, lambda state: dict(state_dict=state)])
def test_load_weights(path, pack):
    source, target = nn.Linear(2, 3), nn.Linear(2, 3)
    torch.save(pack(source.state_dict()), path)
    load_weights(target, path)
    torch.testing.assert_close(target.weight, source.weight)
    torch.testing.assert_close(target.bias, source.bias)


def test_load_weights_into_a_wrapped_model(path):
    source, wrapper = nn.Linear(2, 3), MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    nn.Module.__init__(wrapper)  # without processes
    wrapper.module = nn.Linear(2, 3)
    torch.save(source.state_dict(), path)
    load_weights(wrapper, path)
    torch.testing.assert_close(wrapper.module.weight, source.weight)


@pytest.mark.parametrize('state, message', [
    (dict(weight=torch.zeros(3, 2)),
     '1 weights missing, 0 unknown, 0 of another shape (e.g. bias)'),
    (dict(weight=torch.zeros(3, 2), bias=torch.zeros(3), scale=torch.ones(1)),
     '0 weights missing, 1 unknown, 0 of another shape (e.g. scale)'),
    (dict(weight=torch.zeros(3, 5), bias=torch.zeros(3)),
     '0 weights missing, 0 unknown, 1 of another shape (weight is (3, 5) there and (3, 2) in the '
     'model)'),
])
def test_unfitting_weights(path, state, message):
    model = nn.Linear(2, 3)
    before = model.weight.clone()
    torch.save(state, path)
    assert error_line(load_weights, model, path) == (
        f'{path}: does not fit the model: {message}; use the config it was trained with')
    torch.testing.assert_close(model.weight, before)


def test_mmengine_reads_safely(tmp_path, path, safe_reader):
    model = nn.Linear(2, 3)
    torch.save(runner_checkpoint(model), path)
    target = nn.Linear(2, 3)
    load_checkpoint(target, str(path))
    torch.testing.assert_close(target.weight, model.weight)
    torch.save(dict(extra=RunsCode(tmp_path / 'ran')), path)
    assert 'which could run code' in error_line(load_checkpoint, target, str(path))
    assert not (tmp_path / 'ran').exists()


def test_no_config_from_the_checkpoint(path, safe_reader):
    """Runner.resume would run it as Python."""
    torch.save(dict(meta=dict(config='import os', iter=1), state_dict=dict()), path)
    assert CheckpointLoader.load_checkpoint(str(path))['meta'] == dict(iter=1)


def test_a_file_that_is_a_state_dict_itself(path, safe_reader):
    torch.save(dict(weight=torch.ones(2)), path)
    content = CheckpointLoader.load_checkpoint(str(path))
    assert content.keys() == {'state_dict'} and content['state_dict']['weight'].tolist() == [1, 1]
