from dataclasses import FrozenInstanceError, fields

import pytest
import torch

from ausm_mm.structures import StreamState, TrackRows


def _rows(n):
    ids = torch.arange(n)
    return TrackRows(ids, ids + 1, torch.zeros(n, 2, 3), torch.zeros(n), torch.arange(n, 6), n + 1)


@pytest.mark.parametrize('n', [0, 4])
def test_length_of_rows(n):
    assert len(_rows(n)) == n


def test_state_is_frozen_and_starts_empty():
    state = StreamState('unprompted', 'shapes', _rows(1))
    assert state.feature is None and state.mixers is None
    for structure in (state, state.rows):
        for field in fields(structure):
            with pytest.raises(FrozenInstanceError):
                setattr(structure, field.name, None)
