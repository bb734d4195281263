"""Writing files whole or not at all."""
import json
import os
from pathlib import Path
from typing import Any, Union


def write_json(content: Any, path: Union[str, Path]) -> None:
    """Write a json file under a temporary name and rename it; folders are made as needed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    temporary.write_text(json.dumps(content, indent=1) + '\n')
    temporary.rename(path)
