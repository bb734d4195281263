from itertools import product

import pytest

from ausm_mm.datasets.errors import DataError
from ausm_mm.datasets.synthetic import SPLITS, SyntheticOptions


@pytest.mark.parametrize('options, message', [
    (dict(num_val=-1), 'num_train, num_val, num_test must not be negative'),
    (dict(frames=(5, 4)), 'frames must be 1 <= shortest <= longest'),
    (dict(frames=(0, 4)), 'frames must be 1 <= shortest <= longest'),
    (dict(size=(16, 96)), 'size must be at least 32 x 32'),
    (dict(min_objects=3, max_objects=2), 'objects must be 0 <= min_objects <= max_objects'),
    (dict(num_classes=7), 'num_classes must be 1 to 6'),
    (dict(num_classes=0), 'num_classes must be 1 to 6'),
    (dict(min_visible=0), 'min_visible must be at least 1'),
    (dict(seed=-1), 'seed must not be negative'),
])
def test_bad_options(options, message):
    with pytest.raises(DataError, match=message):
        SyntheticOptions(**options)


def test_no_two_clips_share_a_random_stream():
    options = [SyntheticOptions(seed=seed) for seed in (0, 1)]
    # 120 and 118 are letters of the splits' names: keys must not run into each other.
    clips = [0, 1, 2, 116, 118, 120, 399]
    first = {o.rng(split, clip).integers(2**63) for o, split, clip in product(
        options, SPLITS, clips)}
    assert len(first) == len(options) * len(SPLITS) * len(clips)


def test_a_clip_does_not_depend_on_the_counts():
    a, b = SyntheticOptions(num_train=1), SyntheticOptions(num_train=1000)
    assert a.rng('val', 3).integers(2**63) == b.rng('val', 3).integers(2**63)


def test_classes():
    assert SyntheticOptions(num_classes=4).classes == ('disc', 'square', 'triangle', 'star')
