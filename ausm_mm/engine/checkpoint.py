"""Reading checkpoints without ever running code from them."""
import os.path as osp
import pickle
import re
from contextlib import contextmanager
from typing import Callable, Dict, Iterator, Optional

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from ausm_mm.errors import UserError


class CheckpointError(UserError):
    """A checkpoint is missing, damaged, unsafe to load or of another model."""


def _history_method(owner: type, name: str) -> Callable:
    """Takes the place of ``getattr``, by which a pickled ``HistoryBuffer`` names its methods."""
    if owner is HistoryBuffer and name in ('min', 'max', 'mean', 'current'):
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError('GLOBAL getattr')


def numpy_functions() -> dict:
    """What arrays are pickled by, under all its names: NumPy 2 renamed ``numpy.core``."""
    found = {}
    for core in ('core', '_core'):
        found[f'numpy.{core}.multiarray._reconstruct'] = np.ndarray(0).__reduce__()[0]
        found[f'numpy.{core}.multiarray.scalar'] = np.float64(0).__reduce__()[0]
        found[f'numpy.{core}.numeric._frombuffer'] = np.zeros(1).__reduce_ex__(5)[0]
    return found


def _runner_globals() -> list:
    """What mmengine's Runner saves beside weights: histories of numbers, in numpy arrays."""
    dtypes = {type(np.dtype(code)) for code in '?bBhHiIlLqQefd'}
    functions = [(function, name) for name, function in numpy_functions().items()]
    return [HistoryBuffer, (_history_method, 'builtins.getattr'), np.ndarray, np.dtype, *dtypes,
            *functions]


@contextmanager
def reading(path: str) -> Iterator[None]:
    """What goes wrong while a file is read, in one line; ``GLOBAL name`` is what unpicklers say of
    an object that they do not make.

    Raises:
        CheckpointError: If the file is missing, no checkpoint, cut short, or holds objects that
            could run code.
    """
    try:
        yield
    except FileNotFoundError:
        raise CheckpointError(f'{path}: no such checkpoint; check the path') from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        forbidden = re.search(r'GLOBAL (\S+)', str(error))
        if forbidden:
            raise CheckpointError(
                f'{path}: not loaded, since it holds {forbidden[1]}, which could run code; save '
                'it again with the state dict only, or convert it by tools/model_converters with '
                '--trust if you trust its authors') from None
        raise CheckpointError(f'{path}: cut short or no checkpoint; copy it again or take another '
                              'one') from None


def read_checkpoint(path: str, map_location: str = 'cpu') -> dict:
    """A checkpoint as saved by the Runner or by ``torch.save`` of a state dict.

    Raises:
        CheckpointError: As :func:`reading`, or if there is no state dict.
    """
    with reading(path), torch.serialization.safe_globals(_runner_globals()):
        content = torch.load(path, map_location=map_location, weights_only=True)
    if not isinstance(content, dict):
        raise CheckpointError(f'{path}: holds a {type(content).__name__}, not a state dict; '
                              'save model.state_dict()')
    return content


def use_safe_reader() -> None:
    """Let mmengine read local files by :func:`read_checkpoint`: ``resume``, ``load_from`` and
    ``init_cfg=dict(type='Pretrained')``."""

    def load_from_local(filename: str, map_location: Optional[str]) -> dict:
        content = read_checkpoint(osp.expanduser(filename), map_location or 'cpu')
        meta = content.get('meta')
        if isinstance(meta, dict):
            meta.pop('config', None)  # Runner.resume would run it as Python
        # mmengine's strategies, unlike its Runner, know no file that is a state dict itself.
        return content if 'state_dict' in content else dict(state_dict=content)

    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)


def load_weights(model: nn.Module, path: str) -> dict:
    """Load a checkpoint that must fit the model exactly; returns the checkpoint.

    Raises:
        CheckpointError: As :func:`read_checkpoint`, or if names or shapes differ.
    """
    content = read_checkpoint(path)
    state = content.get('state_dict', content)
    if is_model_wrapper(model):
        model = model.module
    refuse_unfitting(model.state_dict(), state, path)
    model.load_state_dict(state)
    return content


def refuse_unfitting(own: Dict[str, Tensor], state: Dict[str, Tensor], path: str) -> None:
    """Raise a CheckpointError if the weights of a file differ from the model's own in names or
    shapes."""
    missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    differing = [k for k in own.keys() & state.keys() if own[k].shape != state[k].shape]
    if not (missing or unknown or differing):
        return
    if differing:
        k = min(differing)
        example = f'{k} is {tuple(state[k].shape)} there and {tuple(own[k].shape)} in the model'
    else:
        example = f'e.g. {(missing or unknown)[0]}'
    raise CheckpointError(
        f'{path}: does not fit the model: {len(missing)} weights missing, {len(unknown)} unknown, '
        f'{len(differing)} of another shape ({example}); use the config it was trained with')
