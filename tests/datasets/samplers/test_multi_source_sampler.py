import pickle
from collections import Counter
from itertools import islice
from types import SimpleNamespace

import pytest

from ausm_mm.datasets.samplers import MultiSourceSampler, SampleIndex, multi_source_sampler
from ausm_mm.errors import UserError


def sampler(sizes=(10, 30), ratios=(1, 1), seed=0, **kwargs):
    dataset = SimpleNamespace(datasets=[range(size) for size in sizes])
    return MultiSourceSampler(dataset, ratios, seed=seed, **kwargs)


def take(stream, count):
    return list(islice(iter(stream), count))


def on_rank(monkeypatch, rank, world_size, **kwargs):
    monkeypatch.setattr(multi_source_sampler, 'get_dist_info', lambda: (rank, world_size))
    return sampler(**kwargs)


def test_every_epoch_has_the_exact_ratio():
    stream = take(sampler(ratios=(3, 1)), 120)
    for epoch in range(3):
        part = stream[40 * epoch:40 * (epoch + 1)]
        assert sum(index < 10 for index in part) == 30
    # and the sources are mixed
    assert all(len({index < 10 for index in stream[i:i + 20]}) == 2 for i in range(0, 120, 20))


def test_a_source_is_gone_through_before_an_item_comes_again():
    stream = take(sampler(ratios=(1, 1)), 3 * 40)  # 20 of each in an epoch
    small = [index for index in stream if index < 10]
    large = [index for index in stream if index >= 10]
    assert Counter(small) == {i: 6 for i in range(10)}
    assert Counter(large) == {i: 2 for i in range(10, 40)}
    # The order is another one in each pass; within an epoch passes may interleave.
    assert set(large[:20] + large[20:30]) <= set(range(10, 40))
    assert stream[:40] != stream[40:80]


def test_without_ratios_every_item_comes_once_an_epoch():
    assert sorted(take(sampler(ratios=None), 40)) == list(range(40))


def test_tiny_share_still_comes():
    assert sum(index < 10 for index in take(sampler(ratios=(1e-6, 1)), 41)) == 1


def test_single_source():
    assert sorted(take(MultiSourceSampler(range(7), seed=3), 7)) == list(range(7))


def test_seed_decides():
    assert take(sampler(), 100) == take(sampler(), 100) != take(sampler(seed=1), 100)


@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_share_one_stream(monkeypatch, world_size):
    whole = take(sampler(), 90)
    for rank in range(world_size):
        part = take(on_rank(monkeypatch, rank, world_size), 30)
        assert part == whole[rank::world_size][:30]
        assert [index.seed for index in part] == [
            index.seed for index in whole[rank::world_size][:30]]


@pytest.mark.parametrize('skipped', [0, 1, 39, 40, 41, 100])
def test_skipping_continues_where_it_stopped(monkeypatch, skipped):
    for rank in range(2):
        whole = take(on_rank(monkeypatch, rank, 2), 130)
        resumed = on_rank(monkeypatch, rank, 2)
        resumed.skip(skipped)
        rest = take(resumed, 20)
        assert rest == whole[skipped:skipped + 20]
        assert [i.seed for i in rest] == [i.seed for i in whole[skipped:skipped + 20]]


def test_seeds_are_unique_and_survive_the_way_to_a_worker():
    stream = take(sampler(), 100)
    assert len({index.seed for index in stream}) == 100
    index = pickle.loads(pickle.dumps(stream[5]))
    assert isinstance(index, SampleIndex) and index == stream[5] and index.seed == stream[5].seed


@pytest.mark.parametrize('ratios', [(1, ), (1, 1, 1), (1, 0), (1, -1),
                                    (1, float('nan')), (1, float('inf')), (1, '1')])
def test_bad_ratios(ratios):
    with pytest.raises(UserError, match='one positive number for each of the 2 sources'):
        sampler(ratios=ratios)
