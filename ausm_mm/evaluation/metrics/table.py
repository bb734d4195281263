"""Kept for ``tools/demo.py``; the table itself needs no mmengine."""
from ausm_mm.utils import format_table

__all__ = ['format_table']
