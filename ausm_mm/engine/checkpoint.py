"""Reading checkpoints without ever running code from them."""
import pickle

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import nn


class CheckpointError(ValueError):
    """One line that names the file, the value and the cure."""


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


def read_checkpoint(path: str) -> dict:
    """A checkpoint as saved by the Runner or by ``torch.save`` of a state dict.

    Raises:
        CheckpointError: If the file is missing, no checkpoint, cut short, or holds objects that
            could run code.
    """
    allow_runner_checkpoints()
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f'{path}: no such checkpoint; check the path') from None
    except pickle.UnpicklingError as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointError(f'{path}: not loaded, since it holds more than weights or is no '
                              f'checkpoint ({reason}); save it again as a state dict') from None
    except (RuntimeError, EOFError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f'{path}: cut short or no checkpoint ({reason}); '
                              'copy it again') from None
    if not isinstance(content, dict):
        raise CheckpointError(f'{path}: holds a {type(content).__name__}, not a state dict; '
                              'save model.state_dict()')
    return content


def load_weights(model: nn.Module, path: str) -> None:
    """Load a checkpoint that must fit the model exactly.

    Raises:
        CheckpointError: As :func:`read_checkpoint`, or if names or shapes differ.
    """
    content = read_checkpoint(path)
    state = content.get('state_dict', content)
    own = model.state_dict()
    missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    differing = [k for k in own.keys() & state.keys() if own[k].shape != state[k].shape]
    if not (missing or unknown or differing):
        model.load_state_dict(state)
        return
    example = ''
    if differing:
        k = sorted(differing)[0]
        example = f'{k} is {tuple(state[k].shape)} there and {tuple(own[k].shape)} in the model'
    elif missing or unknown:
        example = f'e.g. {(missing or unknown)[0]}'
    raise CheckpointError(
        f'{path}: does not fit the model: {len(missing)} weights missing, {len(unknown)} unknown, '
        f'{len(differing)} of another shape ({example}); use the config it was trained with')
