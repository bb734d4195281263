import os
from pathlib import Path

import pytest


@pytest.fixture(scope='session')
def shared_data():
    """Function that gives the path of a shared fixture, or skips the test where it is absent."""
    default = Path(__file__).resolve().parents[1].parent / 'shared' / 'data'
    root = Path(os.environ.get('AUSM_SHARED_DATA', default))

    def path(name: str) -> Path:
        if not (root / name).exists():
            pytest.skip(f'{name} is not in {root} (set AUSM_SHARED_DATA)')
        return root / name

    return path
