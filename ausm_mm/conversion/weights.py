"""Weights from the files of other projects; nothing in them is run unless they are trusted."""
import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, Dict

import numpy as np
import torch
from torch import Tensor

from ausm_mm.engine import CheckpointError, read_checkpoint
from ausm_mm.engine.checkpoint import numpy_functions, reading


def read_weights(path: str, trusted: bool = False) -> Dict[str, Tensor]:
    """A state dict, also from under ``state_dict`` (OpenMMLab) or ``model`` (detectron2, Swin).

    Args:
        path: ``.safetensors``; ``.pkl``: a plain pickle, as detectron2 writes; else a file of
            ``torch.save``.
        trusted: Unpickle whatever there is, which can run code.

    Raises:
        CheckpointError: If the file is missing, damaged, holds objects that could run code and is
            not trusted, or holds no weights.
    """
    suffix = Path(path).suffix
    if suffix == '.safetensors':
        content = _read_safetensors(path)
    elif trusted:
        content = _read_trusted(path, plain_pickle=suffix == '.pkl')
    else:
        content = _read_pickle(path) if suffix == '.pkl' else read_checkpoint(path)
    for name in ('state_dict', 'model'):
        if isinstance(content, dict) and isinstance(content.get(name), dict):
            content = content[name]
    if not isinstance(content, dict) or not content:
        raise CheckpointError(f'{path}: holds no state dict; take another file')
    return {key: _as_tensor(value, key, path) for key, value in content.items()}


def _as_tensor(value: Any, key: str, path: str) -> Tensor:
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf':
        value = torch.from_numpy(np.array(value))  # a copy that may be written to
    if not isinstance(value, Tensor):
        raise CheckpointError(
            f'{path}: {key} is a {type(value).__name__}, not a weight; take a file of a state dict')
    return value.detach()


def _read_safetensors(path: str) -> Dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise CheckpointError(
            f'{path}: needs a package that is missing; pip install safetensors') from None
    with reading(path):
        try:
            return load_file(path)
        except SafetensorError as error:
            raise pickle.UnpicklingError from error


def _storage_of(data: bytes) -> Any:
    """Takes the place of torch's function, which would run what it finds in the bytes."""
    return torch.load(io.BytesIO(data), weights_only=True)


def _bytes_of(text: str, encoding: str) -> bytes:
    """Takes the place of ``codecs.encode``, which knows more than texts."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'bytes as {encoding}')
    return text.encode(encoding)


class _ArrayUnpickler(pickle.Unpickler):
    """Makes numbers, texts, containers, arrays and tensors, and nothing else."""

    ALLOWED = dict(numpy_functions(), **{
        'numpy.ndarray': np.ndarray,
        'numpy.dtype': np.dtype,
        'collections.OrderedDict': OrderedDict,
        'torch._utils._rebuild_tensor_v2': torch._utils._rebuild_tensor_v2,
        'torch._utils._rebuild_parameter': torch._utils._rebuild_parameter,
        'torch.storage._load_from_bytes': _storage_of,
        '_codecs.encode': _bytes_of})

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.ALLOWED[f'{module}.{name}']
        except KeyError:
            raise pickle.UnpicklingError(f'GLOBAL {module}.{name}') from None


def _read_pickle(path: str) -> Any:
    # detectron2's older files are of Python 2, whose texts and arrays need latin1.
    with reading(path), open(path, 'rb') as file:
        try:
            return _ArrayUnpickler(file, encoding='latin1').load()
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise pickle.UnpicklingError from error  # no pickle at all


def _read_trusted(path: str, plain_pickle: bool) -> Any:
    with reading(path), open(path, 'rb') as file:
        try:
            if plain_pickle:
                return pickle.load(file, encoding='latin1')
            return torch.load(file, map_location='cpu', weights_only=False)
        except (ImportError, AttributeError) as error:
            raise CheckpointError(
                f'{path}: holds objects whose code is not there ({error}); install it') from None
        except (ValueError, LookupError, TypeError) as error:
            raise pickle.UnpicklingError from error
