"""Weights of one model under the names of another, with an account of every key of both."""
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor

from ausm_mm.errors import UserError

UNKNOWN = 'unknown'
CONSTANT = 'a constant'
# Swin computes these from its window size; no release numbers them otherwise.
CONSTANT_NAMES = ('relative_position_index', 'attn_mask')


class ConversionError(UserError):
    """The weights are not those of the model."""


class Rule(NamedTuple):
    """What becomes of a weight, or of all weights below a module.

    source: Key, or its beginning up to a dot; ``*`` stands for an index.
    target: The same in AUSM, its ``*`` for the same indices in the same order; None: not used.
    reason: Why the weight is not used. With a target: why it is not if the model lacks that;
        without a reason such a weight is an error.
    part: Place in the target of what is put together along axis 0, such as query, key and value.
    change: Function of the whole weight.
    """
    source: str
    target: Optional[str] = None
    reason: str = ''
    part: int = 0
    change: Optional[Callable[[Tensor], Tensor]] = None

    def rename(self, key: str) -> Optional[str]:
        """The key's name in AUSM, ``''`` without a target, None if the rule is not for it."""
        pattern = re.escape(self.source).replace(r'\*', r'(\d+)')
        match = re.fullmatch(pattern + r'(\..+)?', key)
        if match is None or self.target is None:
            return None if match is None else ''
        *indices, rest = match.groups(default='')
        return self.target.replace('*', '{}').format(*indices) + rest


class Family(NamedTuple):
    """The releases of one kind of network.

    name: What it is.
    layouts: Name of a project -> rules for its names.
    marks: Name of a project -> beginnings of keys that only its files have.
    new: Regular expression of the AUSM keys that such a network does not have.
    """
    name: str
    layouts: Dict[str, Sequence[Rule]]
    marks: Dict[str, Tuple[str, ...]]
    new: str

    def guess(self, keys: Iterable[str], path: str) -> str:
        """The project that the keys are from.

        Raises:
            ConversionError: If they are from none.
        """
        keys = list(keys)
        for project, marks in self.marks.items():
            if any(key.startswith(marks) for key in keys):
                return project
        raise ConversionError(
            f'{path}: no {self.name} of {", ".join(self.layouts)}: no key begins with '
            f'{", ".join(mark for marks in self.marks.values() for mark in marks)}; its first one '
            f'is {min(keys, default="missing")!r}; take another file')


@dataclass
class Conversion:
    """Converted weights and what became of each key.

    state: AUSM key -> weight.
    origins: AUSM key -> keys it was made of.
    unused: Source key -> why it is not used.
    new: AUSM keys that stay as initialised.
    constants: AUSM keys that are computed.
    lacking: AUSM keys that the source should have filled.
    homeless: Key that the model lacks -> source key.
    unfit: AUSM key -> how the shapes differ.
    """
    state: Dict[str, Tensor] = field(default_factory=dict)
    origins: Dict[str, List[str]] = field(default_factory=dict)
    unused: Dict[str, str] = field(default_factory=dict)
    new: List[str] = field(default_factory=list)
    constants: List[str] = field(default_factory=list)
    lacking: List[str] = field(default_factory=list)
    homeless: Dict[str, str] = field(default_factory=dict)
    unfit: Dict[str, str] = field(default_factory=dict)

    def check(self, path: str) -> None:
        """Refuse weights of another architecture.

        Args:
            path: The source, for the message.

        Raises:
            ConversionError: If a weight is missing, without a place or of another shape.
        """
        examples = [*self.unfit.values(),
                    *(f'{key} has no place in the model' for key in self.homeless.values()),
                    *(f'nothing for {key}' for key in self.lacking)]
        if examples:
            raise ConversionError(
                f'{path}: does not fit the model: {len(self.lacking)} weights missing, '
                f'{len(self.homeless)} without a place, {len(self.unfit)} of another shape '
                f'({examples[0]}); take the config of its architecture, or change it with '
                '--cfg-options')


def convert_weights(weights: Dict[str, Tensor], rules: Sequence[Rule], own: Dict[str, Tensor],
                    new: str) -> Conversion:
    """Rename weights.

    Args:
        weights: Source key -> weight.
        rules: The first one that is for a key decides; a key without one is listed as unknown.
        own: The model's state dict, for names, shapes and types.
        new: Regular expression of the AUSM keys that need no source.
    """
    result, parts = Conversion(), defaultdict(list)
    for key, value in weights.items():
        rule, target = _find(rules, key)
        if _is_constant(key):
            result.unused[key] = CONSTANT
        elif rule is None:
            result.unused[key] = UNKNOWN
        elif target in own:
            parts[target].append((rule.part, key, value, rule.change))
        elif rule.reason:
            result.unused[key] = rule.reason
        else:
            result.homeless[target] = key
    for key, value in own.items():
        if key in parts:
            _fill(result, key, parts[key], value)
        elif _is_constant(key):
            result.constants.append(key)
        else:
            (result.new if re.fullmatch(new, key) else result.lacking).append(key)
    return result


def _is_constant(key: str) -> bool:
    return key.rpartition('.')[2] in CONSTANT_NAMES


def _find(rules: Sequence[Rule], key: str) -> tuple:
    """The rule for a key, and the key's name in AUSM."""
    for rule in rules:
        target = rule.rename(key)
        if target is not None:
            return rule, target
    return None, None


def _fill(result: Conversion, key: str, parts: list, own: Tensor) -> None:
    """Put the parts of one weight together."""
    parts = sorted(parts, key=lambda part: part[0])
    _, result.origins[key], values, changes = map(list, zip(*parts))
    try:
        whole = torch.cat(values) if len(values) > 1 else values[0]
    except RuntimeError:  # parts that do not go together
        whole = None
    if whole is None or whole.shape != own.shape:
        found = ' and '.join(str(tuple(value.shape)) for value in values)
        result.unfit[key] = f'{key} is {found} there and {tuple(own.shape)} in the model'
        return
    if changes[0] is not None:
        whole = changes[0](whole)
    result.state[key] = whole.to(own.dtype).contiguous()
