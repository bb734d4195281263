"""Zips whose bytes depend on nothing but what is in them."""
import zipfile
from contextlib import contextmanager
from typing import Callable, Iterator

from ausm_mm.utils.files import PathLike, renamed_when_complete


@contextmanager
def write_zip(path: PathLike, compression: int) -> Iterator[Callable[[str, bytes], None]]:
    """Gives a function (name, data) that adds a file to a zip.

    Args:
        path: The zip; it appears when it is complete.
        compression: ``zipfile.ZIP_DEFLATED`` or ``ZIP_STORED``.
    """
    with renamed_when_complete(path) as temporary:
        with zipfile.ZipFile(temporary, 'w', compression) as archive:

            def add(name: str, data: bytes) -> None:
                member = zipfile.ZipInfo(name)  # its date is fixed
                member.compress_type = compression
                member.external_attr = 0o644 << 16  # readable where it is unpacked
                archive.writestr(member, data)

            yield add
