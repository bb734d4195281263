"""Files of other projects; nothing in them is run unless they are trusted."""
import pickle
import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ausm_mm.conversion import read_weights
from ausm_mm.engine import CheckpointError

WEIGHTS = OrderedDict([('a.weight', torch.tensor([[1., 2.], [3., 4.]])),
                       ('a.bias', torch.tensor([5.]).half()), ('count', torch.tensor(6))])
ARRAYS = {key: value.numpy() for key, value in WEIGHTS.items()}


class RunsCode:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path, )


def assert_weights(weights: dict) -> None:
    assert list(weights) == list(WEIGHTS)
    for key, value in weights.items():
        assert type(value) is torch.Tensor
        torch.testing.assert_close(value, WEIGHTS[key], rtol=0, atol=0)


def error_line(path: Path, **options) -> str:
    with pytest.raises(CheckpointError) as error:
        read_weights(str(path), **options)
    assert '\n' not in str(error.value) and str(error.value).startswith(f'{path}: ')
    return str(error.value)[len(f'{path}: '):]


@pytest.mark.parametrize('trusted', [False, True])
@pytest.mark.parametrize('pack', [
    lambda state: state, lambda state: dict(state_dict=state, meta=dict(epoch=3)),
    lambda state: dict(model=state, __author__='third_party', matching_heuristics=True)])
def test_files_of_torch(tmp_path, pack, trusted):
    path = tmp_path / 'model.bin'
    torch.save(pack(WEIGHTS), path)
    assert_weights(read_weights(str(path), trusted))


@pytest.mark.parametrize('trusted', [False, True])
def test_safetensors(tmp_path, trusted):
    path = tmp_path / 'model.safetensors'
    save_file(WEIGHTS, str(path))
    weights = read_weights(str(path), trusted)
    assert_weights({key: weights[key] for key in WEIGHTS})


@pytest.mark.parametrize('protocol', range(6))
@pytest.mark.parametrize('trusted', [False, True])
def test_pickle_of_arrays(tmp_path, protocol, trusted):
    path = tmp_path / 'model.pkl'
    path.write_bytes(pickle.dumps(dict(model=ARRAYS, score=np.float64(0.5)), protocol=protocol))
    weights = read_weights(str(path), trusted)
    assert_weights(weights)
    weights['a.weight'].zero_()  # not bound to read-only memory


def test_pickle_of_older_numpy(tmp_path):
    content = pickle.dumps(dict(model=ARRAYS), protocol=2)
    assert b'numpy._core' in content or b'numpy.core' in content
    path = tmp_path / 'model.pkl'
    for name in (b'numpy.core', b'numpy._core'):
        path.write_bytes(content.replace(b'numpy._core', b'numpy.core').replace(
            b'numpy.core', name))
        assert_weights(read_weights(str(path)))


def test_pickle_of_python_2(tmp_path):
    """Its strings are bytes: \\xe9 is no UTF-8."""
    path = tmp_path / 'model.pkl'
    path.write_bytes(pickle.dumps(dict(model=ARRAYS), protocol=2)[:-1].replace(
        b'X\x05\x00\x00\x00model', b'U\x06mod\xe9l!', 1) + b'.')
    assert error_line(path) == 'mod\xe9l! is a dict, not a weight; take a file of a state dict'


def test_pickle_of_tensors(tmp_path):
    """As Mask2Former's tool writes the ImageNet weights of Swin."""
    path = tmp_path / 'model.pkl'
    weights = OrderedDict(WEIGHTS, **{'a.bias': nn.Parameter(WEIGHTS['a.bias'])})
    path.write_bytes(pickle.dumps(dict(model=weights)))
    read = read_weights(str(path))
    assert_weights(read)
    assert not any(value.requires_grad for value in read.values())


def write(path: Path, content: object) -> None:
    path.write_bytes(pickle.dumps(content)) if path.suffix == '.pkl' else torch.save(content, path)


@pytest.mark.parametrize('name', ['model.pkl', 'model.pth'])
def test_code_runs_only_if_trusted(tmp_path, name):
    path = tmp_path / name
    write(path, dict(model=WEIGHTS, extra=RunsCode(tmp_path / 'ran')))
    line = error_line(path)
    assert line.startswith('not loaded, since it holds pathlib.')
    assert line.endswith('with --trust if you trust its authors')
    assert not (tmp_path / 'ran').exists()
    assert_weights(read_weights(str(path), trusted=True))
    assert (tmp_path / 'ran').exists()


def test_code_in_the_storage_of_a_tensor(tmp_path):
    """torch's own function for the bytes of a pickled storage would run it."""
    inner = tmp_path / 'inner.pth'
    torch.save(RunsCode(tmp_path / 'ran'), inner)

    class Storage:

        def __reduce__(self):
            return torch.storage._load_from_bytes, (inner.read_bytes(), )

    path = tmp_path / 'model.pkl'
    path.write_bytes(pickle.dumps(dict(model=Storage())))
    assert 'which could run code' in error_line(path)
    assert not (tmp_path / 'ran').exists()
    pickle.loads(path.read_bytes())  # it would have run
    assert (tmp_path / 'ran').exists()


@pytest.mark.parametrize('content', [
    b'c_codecs\nencode\n(Vabc\nVrot13\ntR.',  # a codec may be any registered code
    b'c_codecs\ndecode\n.', b'cbuiltins\neval\n.', b'cnumpy\nload\n.',
    b'ctorch._utils\n_rebuild_tensor\n.',
])
def test_other_functions_are_not_there(tmp_path, content):
    path = tmp_path / 'model.pkl'
    path.write_bytes(content)
    error_line(path)
    pickle.loads(content)


@pytest.mark.parametrize('name', ['model.pkl', 'model.pth'])
def test_trusted_file_of_a_missing_package(tmp_path, name, monkeypatch):
    module = ModuleType('yacs_of_the_authors')
    module.CfgNode = type('CfgNode', (), dict(__module__=module.__name__))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    path = tmp_path / name
    write(path, dict(model=WEIGHTS, config=module.CfgNode()))
    monkeypatch.delitem(sys.modules, module.__name__)
    assert 'since it holds yacs_of_the_authors.CfgNode' in error_line(path)
    assert error_line(path, trusted=True) == (
        "holds objects whose code is not there (No module named 'yacs_of_the_authors'); install it")


@pytest.mark.parametrize('name', ['model.pkl', 'model.pth', 'model.safetensors'])
@pytest.mark.parametrize('trusted', [False, True])
def test_missing_and_damaged_files(tmp_path, name, trusted):
    path = tmp_path / name
    assert error_line(path, trusted=trusted) == 'no such checkpoint; check the path'
    if name == 'model.safetensors':
        save_file(WEIGHTS, str(path))
    else:
        write(path, dict(model=ARRAYS if name == 'model.pkl' else WEIGHTS))
    content = path.read_bytes()
    assert_weights({key: read_weights(str(path), trusted)[key] for key in WEIGHTS})
    for damaged in (b'', b'no checkpoint at all', b'\x00' * 100, content[:50],
                    content[:len(content) // 2], content[:-1]):
        path.write_bytes(damaged)
        assert error_line(path, trusted=trusted) == (
            'cut short or no checkpoint; copy it again or take another one')


@pytest.mark.parametrize('content, message', [
    ([1], 'holds no state dict; take another file'),
    ({}, 'holds no state dict; take another file'),
    (dict(model={}), 'holds no state dict; take another file'),
    (dict(epoch=3), 'epoch is a int, not a weight; take a file of a state dict'),
    (dict(a=np.array(['text'])), 'a is a ndarray, not a weight; take a file of a state dict'),
    (dict(a=np.array([None])), 'a is a ndarray, not a weight; take a file of a state dict'),
])
def test_no_weights(tmp_path, content, message):
    path = tmp_path / 'model.pkl'
    path.write_bytes(pickle.dumps(content))
    assert error_line(path) == message


def test_without_the_package_safetensors(tmp_path, monkeypatch):
    path = tmp_path / 'model.safetensors'
    save_file(WEIGHTS, str(path))
    monkeypatch.setitem(sys.modules, 'safetensors', None)
    assert error_line(path) == 'needs a package that is missing; pip install safetensors'
