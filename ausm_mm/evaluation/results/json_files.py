"""Reading json files that others wrote."""
import json
import zipfile
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
        with zipfile.ZipFile(path) as archive:
            if RESULTS_NAME not in archive.namelist():
                raise UserError(f'{path}: holds {archive.namelist()[:3]}, but no {RESULTS_NAME} at '
                                'its top; zip the file itself, not its folder')
            results = _parse(archive.read(RESULTS_NAME), path)
    else:
        results = load_json(path)
    if not isinstance(results, list):
        raise UserError(f'{path}: holds a {type(results).__name__}, not the list of a result file; '
                        'is it an annotation?')
    return results


def _parse(data: bytes, path: PathLike) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        raise UserError(f'{path}: is no complete json file ({error}); write or copy it '
                        'again') from None
