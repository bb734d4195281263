"""Reading checkpoints without ever running code from them."""
import os.path as osp
import pickle
from typing import Optional

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import is_model_wrapper
from mmengine.runner import CheckpointLoader
from torch import nn

from ausm_mm.errors import UserError


class CheckpointError(UserError):
    """A checkpoint is missing, damaged, unsafe to load or of another model."""


def allow_runner_checkpoints() -> None:
    """Let torch's ``weights_only`` reader take what mmengine's Runner saves beside the weights.

    The message hub's scalar histories are a plain class around numpy arrays; nothing of it calls
    code on loading. Everything else stays refused.
    """
    reconstruct = np.ndarray(0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    dtypes = {type(np.dtype(code)) for code in '?bBhHiIlLqQefd'}
    torch.serialization.add_safe_globals(
        [HistoryBuffer, np.ndarray, np.dtype, reconstruct, scalar, *dtypes])


def read_checkpoint(path: str, map_location: str = 'cpu') -> dict:
    """A checkpoint as saved by the Runner or by ``torch.save`` of a state dict.

    Raises:
        CheckpointError: If the file is missing, no checkpoint, cut short, or holds objects that
            could run code.
    """
    allow_runner_checkpoints()
    try:
        content = torch.load(path, map_location=map_location, weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f'{path}: no such checkpoint; check the path') from None
    except pickle.UnpicklingError as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(f'{path}: not loaded, since it holds more than weights or is no '
                              f'checkpoint ({reason}); save it again as a state dict') from None
    except (RuntimeError, EOFError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f'{path}: cut short or no checkpoint ({reason}); '
                              'copy it again or take another one') from None
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
        return content

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
    own = model.state_dict()
    missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    differing = [k for k in own.keys() & state.keys() if own[k].shape != state[k].shape]
    if not (missing or unknown or differing):
        model.load_state_dict(state)
        return content
    if differing:
        k = min(differing)
        example = f'{k} is {tuple(state[k].shape)} there and {tuple(own[k].shape)} in the model'
    else:
        example = f'e.g. {(missing or unknown)[0]}'
    raise CheckpointError(
        f'{path}: does not fit the model: {len(missing)} weights missing, {len(unknown)} unknown, '
        f'{len(differing)} of another shape ({example}); use the config it was trained with')


def check_resumable(model: nn.Module, path: str) -> None:
    """Refuse what the Runner would only warn of, or stumble over.

    Raises:
        CheckpointError: As :func:`load_weights`, or if there is no state of the optimizer.
    """
    content = load_weights(model, path)
    if not {'meta', 'optimizer'} <= content.keys():
        raise CheckpointError(f'{path}: holds weights only, so its training cannot be resumed; '
                              'start a new one from it with --cfg-options load_from=PATH')
