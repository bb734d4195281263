"""Starting from the weights of another training."""
import re
from collections import Counter
from typing import Iterable, List, Optional, Sequence

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ausm_mm.registry import HOOKS
from ..checkpoint import CheckpointError


@HOOKS.register_module()
class HandOverHook(Hook):
    """Refuses a checkpoint that does not fit, where mmengine would only warn, and lists what in the
    model is new.

    A weight of another shape is refused, and one that the model has no place for; but the
    classification heads of data sets that are not trained on any more are only listed. What is new
    is also kept as ``new_weights`` of the message hub, as a list of parts.

    Args:
        new: Parts whose weights the checkpoint may lack; by default any. Indices and counters,
            which are no weights, it may always lack.

    Raises:
        CheckpointError: Naming the checkpoint, the weight and the cure.
    """
    HEADS = 'head.classifiers.heads.'

    def __init__(self, new: Optional[Sequence[str]] = None) -> None:
        self.new = None if new is None else tuple(new)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        own, state = model.state_dict(), checkpoint.get('state_dict', checkpoint)
        path = runner._load_from
        for key in sorted(own.keys() & state.keys()):
            if own[key].shape != state[key].shape:
                raise CheckpointError(
                    f'{path}: {key} is {tuple(state[key].shape)} there and '
                    f'{tuple(own[key].shape)} in the model; take a checkpoint of this model')
        unknown = sorted(state.keys() - own.keys())
        for key in unknown:
            if not key.startswith(self.HEADS):
                raise CheckpointError(f'{path}: the model has no weight {key}; take a checkpoint '
                                      'of this model, or convert it (tools/model_converters)')
        lacking = [key for key in own if key not in state and own[key].is_floating_point()]
        for key in lacking:
            if self.new is not None and not key.startswith(self.new):
                raise CheckpointError(
                    f"{path}: lacks the weight {key}, and only {', '.join(self.new)} may be new; "
                    'take a checkpoint of the stage before, or name the part in '
                    'default_hooks.hand_over.new')
        parts = _parts(lacking)
        runner.message_hub.update_info('new_weights', parts)
        runner.logger.info(f"{path}: new in the model: {', '.join(parts) or 'nothing'}; not used: "
                           f"{', '.join(_parts(unknown)) or 'nothing'}")


def _parts(keys: Iterable[str]) -> List[str]:
    """Names up to the first index, with the number of weights."""
    counts = Counter(re.sub(r'\.(\d+\..*|[^.]+)$', '', key) for key in keys)
    return [f'{part} ({count})' for part, count in counts.items()]
