from .files import renamed_when_complete, write_json
from .table import format_table

__all__ = ['format_table', 'renamed_when_complete', 'write_json']
