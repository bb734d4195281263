from .files import write_json

__all__ = ['write_json']
