import numpy as np
import pytest

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import frame_statistics, summarize_vos, youtube_vos_summary


def frames(j_values, f_values=None):
    return [dict(frame=t, J=j, F=f)
            for t, (j, f) in enumerate(zip(j_values, f_values or j_values), start=1)]


def slow_statistics(values):
    """Frame by frame; quarters as the toolkit cuts them, for up to 256 frames."""
    n = len(values)
    ids = [int(np.floor(1 + i * (n - 1) / 4 + .5 + 1e-10)) - 1 for i in range(5)]
    # numpy rounds halves to even, but 1e-10 lifts every half above itself
    first = [values[t] for t in range(n) if ids[0] <= t <= ids[1]]
    last = [values[t] for t in range(n) if ids[3] <= t <= ids[4]]
    return dict(
        mean=sum(values) / n,
        recall=sum(v > .5 for v in values) / n,
        decay=sum(first) / len(first) - sum(last) / len(last))


@pytest.mark.parametrize('n', [*range(1, 30), 100, 256, 400])
def test_statistics_equal_slow_ones(n):
    values = np.random.default_rng(n).choice([0, .25, .5, .75, 1], n).tolist()
    assert frame_statistics(values) == pytest.approx(slow_statistics(values), abs=1e-12)


def test_statistics_by_hand():
    # quarters: frames 0-2, ..., 6-8 of nine
    assert frame_statistics([1, 1, .7, .5, .5, .5, .3, .2, .1]) == pytest.approx(
        dict(mean=4.8 / 9, recall=3 / 9, decay=.9 - .2))
    assert frame_statistics([.4]) == dict(mean=.4, recall=0, decay=0)


def test_total_is_the_mean_over_objects():
    scores = dict(
        one={1: frames([1] * 8, [.5] * 8)},
        two={1: frames([0, 0]), 2: frames([1, 0]), 3: []})
    summary = summarize_vos(scores)
    assert summary['J'] == pytest.approx(dict(mean=.5, recall=.5, decay=(0 + 0 + 1) / 3))
    assert summary['F']['mean'] == pytest.approx((.5 + 0 + .5) / 3)
    assert summary['J&F']['mean'] == pytest.approx((summary['J']['mean']
                                                    + summary['F']['mean']) / 2)
    assert summary['per_sequence']['two']['J']['mean'] == .25
    assert list(summary['per_object']['two']) == [1, 2]
    assert summary['per_object']['one'][1]['F'] == dict(mean=.5, recall=0, decay=0)
    assert set(summary) == {'J', 'F', 'J&F', 'per_sequence', 'per_object'}


def test_nothing_to_score():
    for scores in ({}, dict(a={}), dict(a={1: []})):
        with pytest.raises(UserError, match='No object has a frame to score'):
            summarize_vos(scores)
        with pytest.raises(UserError, match='No object has a frame to score|no category'):
            youtube_vos_summary(scores, dict(a={1: 'cat'}), ['cat'])


def test_youtube_vos():
    scores = dict(a={1: frames([1, .5], [1, 1]), 2: frames([.2])}, b={1: frames([.4], [0])})
    categories = dict(a={1: 'cat', 2: 'dog'}, b={1: 'cat'})
    figures = youtube_vos_summary(scores, categories, ['cat', 'bird'])
    expected = dict(J_seen=(.75 + .4) / 2, J_unseen=.2, F_seen=.5, F_unseen=.2)
    assert figures == pytest.approx(dict(expected, G=sum(expected.values()) / 4))
    figures = youtube_vos_summary(scores, categories, ['cat', 'dog'])
    assert set(figures) == {'G', 'J_seen', 'F_seen'}
    with pytest.raises(UserError, match='object 1 of sequence b has no category.*meta.json'):
        youtube_vos_summary(scores, dict(a={1: 'cat', 2: 'dog'}), ['cat'])
