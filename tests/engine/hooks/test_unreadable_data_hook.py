from types import SimpleNamespace

import pytest
from mmengine.logging import MessageHub

from ausm_mm.datasets import DataError
from ausm_mm.engine import UnreadableDataHook
from ausm_mm.engine.hooks import unreadable_data_hook
from ausm_mm.structures import ClipDataSample


@pytest.fixture
def runner(request):
    return SimpleNamespace(message_hub=MessageHub(request.node.name))


def sample(*items, dataset_name='davis'):
    meta = dict(dataset_name=dataset_name)
    if items:
        meta['unreadable'] = [(idx, f'{idx}.jpg: is no image') for idx in items]
    return ClipDataSample(metainfo=meta)


def train(runner, *samples, max_items=2):
    UnreadableDataHook(max_items).before_train_iter(runner, 0, dict(data_samples=samples))
    return runner.message_hub.get_info('unreadable_items')


def test_each_item_counts_once(runner):
    assert train(runner, sample(), sample()) == []
    assert train(runner, sample(), sample(4)) == ['davis 4']
    assert train(runner, sample(4), sample(4)) == ['davis 4']
    assert train(runner, sample(4, dataset_name='mose')) == ['davis 4', 'mose 4']


def test_one_too_many(runner):
    train(runner, sample(1, 2), sample(2))
    with pytest.raises(DataError) as caught:
        train(runner, sample(1, 3))
    assert str(caught.value) == (
        '3 items of the training data cannot be read, and max_items=2 of '
        'default_hooks.unreadable_data; the last is 3.jpg: is no image')


def test_no_tolerance(runner):
    with pytest.raises(DataError, match='1 items .* max_items=0'):
        train(runner, sample(7), max_items=0)


def test_a_resumed_run_goes_on_counting(runner, request):
    train(runner, sample(1, 2))
    resumed = SimpleNamespace(message_hub=MessageHub(request.node.name + ' resumed'))
    resumed.message_hub.load_state_dict(runner.message_hub.state_dict())
    assert train(resumed, sample(2)) == ['davis 1', 'davis 2']
    with pytest.raises(DataError, match='^3 items'):
        train(resumed, sample(5))


def test_all_ranks_count_together(runner, monkeypatch):
    other = {'davis 8': '8.jpg: is no image', 'davis 9': '9.jpg: is no image'}
    monkeypatch.setattr(
        unreadable_data_hook, 'gather_reports', lambda found: [r for r in (found, other) if r])
    assert train(runner, sample()) == ['davis 8', 'davis 9']
    with pytest.raises(DataError, match='^3 items'):
        train(runner, sample(1))
