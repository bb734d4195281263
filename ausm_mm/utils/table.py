"""Tables of figures for the log."""
from numbers import Integral
from typing import Optional, Sequence, Tuple, Union

from terminaltables import AsciiTable


def format_table(header: Sequence[str],
                 rows: Sequence[Tuple[Union[str, Optional[float]], ...]]) -> str:
    """A table: a text column, then figures to four decimals, counts as they are, ``-`` for None."""
    cells = [[name, *map(_format_cell, values)] for name, *values in rows]
    table = AsciiTable([list(header), *cells])
    table.justify_columns = {column: 'right' for column in range(1, len(header))}
    return table.table


def _format_cell(value: Optional[float]) -> str:
    if value is None:
        return '-'
    return str(value) if isinstance(value, Integral) else f'{value:.4f}'
