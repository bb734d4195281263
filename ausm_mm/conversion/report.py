"""What became of every key, as a table."""
import re
from collections import Counter
from typing import Iterable, List, Tuple

from .rules import Conversion


def group_of(key: str) -> str:
    """The module a weight is of, with ``*`` for indices: ``layers.3.norm1.bias`` is of
    ``layers.*.norm1``."""
    key = re.sub(r'[._](weight|bias)$', '', key)
    return re.sub(r'(?<=\.)\d+(?=\.|$)', '*', key)


def format_conversion(conversion: Conversion) -> str:
    """A section each for the weights that are mapped, not used, new and constant; a line for each
    group of keys with their number."""
    mapped = [(group_of(key), _joined(map(group_of, sources)))
              for key, sources in conversion.origins.items()]
    sources = sum(map(len, conversion.origins.values()))
    sections = [
        (f'mapped: {sources} weights of the source fill {len(mapped)} of AUSM, from', mapped),
        (f'without a place in AUSM: {len(conversion.homeless)} weights of the source',
         [(group_of(key), '') for key in conversion.homeless.values()]),
        (f'not used: {len(conversion.unused)} weights of the source, because',
         [(group_of(key), reason) for key, reason in conversion.unused.items()]),
        (f'lacking: {len(conversion.lacking)} weights of AUSM',
         [(group_of(key), '') for key in conversion.lacking]),
        (f'new: {len(conversion.new)} weights of AUSM stay as initialised',
         [(group_of(key), '') for key in conversion.new]),
        (f'constant: {len(conversion.constants)} of AUSM are computed',
         [(group_of(key), '') for key in conversion.constants])]
    return '\n'.join(line for title, rows in sections if rows for line in _section(title, rows))


def _joined(groups: Iterable[str]) -> str:
    """Groups in one line, without repeating what they have in common."""
    first, *others = dict.fromkeys(groups)
    return ', '.join([first, *(group.rpartition('.')[2] for group in others)])


def _section(title: str, rows: List[Tuple[str, str]]) -> List[str]:
    groups = Counter(rows)
    width = max(len(name) for name, _ in groups)
    return [title, *(f'  {count:4d}  {name:{width}s}  {remark}'.rstrip()
                     for (name, remark), count in groups.items())]
