"""Writing files whole or not at all."""
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Union

PathLike = Union[str, Path]


@contextmanager
def renamed_when_complete(path: PathLike) -> Iterator[Path]:
    """Gives a temporary name beside ``path`` to write to, and renames the file at the end; after
    an error it is removed. Folders are made as needed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.stem}.{os.getpid()}{path.suffix}')
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(content: Any, path: PathLike) -> None:
    """Write a json file under a temporary name and rename it; folders are made as needed."""
    text = json.dumps(content, indent=1) + '\n'
    with renamed_when_complete(path) as temporary:
        temporary.write_text(text)
