"""Tables of figures for the log."""
from typing import Optional, Sequence, Tuple, Union

from terminaltables import AsciiTable


def format_table(header: Sequence[str],
                 rows: Sequence[Tuple[Union[str, Optional[float]], ...]]) -> str:
    """A table with a text column and figures to four decimals; ``-`` where there is none."""
    cells = [[name, *('-' if v is None else f'{v:.4f}' for v in values)] for name, *values in rows]
    table = AsciiTable([list(header), *cells])
    table.justify_columns = {column: 'right' for column in range(1, len(header))}
    return table.table
