"""Reading json files that others wrote."""
import json
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Any, List

from ausm_mm.errors import UserError
from ausm_mm.utils.files import PathLike

RESULTS_NAME = 'results.json'  # what the YouTube-VIS and OVIS servers look for in the zip


def load_json(path: PathLike) -> Any:
    """Content of a json file.

    Raises:
        UserError: If it cannot be read or is cut short.
    """
    try:
        return _parse(Path(path).read_bytes(), path)
    except OSError as error:
        raise UserError(f'{path}: cannot be read ({error.strerror}); correct the path') from None


def load_results(path: PathLike) -> List:
    """The list in a result file: a json, or a zip with ``results.json`` as the servers take it.

    Raises:
        UserError: If it cannot be read, is cut short or holds no list.
    """
    if zipfile.is_zipfile(path):
        results = _parse(_read_zipped(path), path)
    else:
        results = load_json(path)
    if not isinstance(results, list):
        raise UserError(f'{path}: holds a {type(results).__name__}, not the list of a result file; '
                        'is it an annotation?')
    return results


def _read_zipped(path: PathLike) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if RESULTS_NAME in names:
                return archive.read(RESULTS_NAME)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
            RuntimeError) as error:  # RuntimeError: encrypted, or by an unknown method
        raise UserError(f'{path}: is no readable zip ({error}); pack or copy it again') from None
    raise UserError(f'{path}: holds {names[:3]}, but no {RESULTS_NAME} at its top; zip the file '
                    'itself, not its folder')


def _parse(data: bytes, path: PathLike) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:  # RecursionError: brackets without end
        raise UserError(f'{path}: is no complete json file ({error}); write or copy it '
                        'again') from None
