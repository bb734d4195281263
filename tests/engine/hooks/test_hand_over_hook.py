"""What a checkpoint to start from may lack and have."""
import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MessageHub
from torch import nn

from ausm_mm.engine import CheckpointError, HandOverHook


def build(**heads: int) -> nn.Module:
    """A module with an index, a norm with a counter, and heads of some widths."""
    model = nn.Module()
    model.layers = nn.ModuleList([nn.Linear(2, 3), nn.BatchNorm1d(3)])
    model.layers[0].register_buffer('index', torch.arange(4))
    model.head = nn.Module()
    model.head.classifiers = nn.Module()
    model.head.classifiers.heads = nn.ModuleDict(
        {name: nn.Linear(2, width) for name, width in heads.items()})
    return model


@pytest.fixture
def load(caplog):
    """Function (model, checkpoint, arguments of the hook) -> the parts that are new; what is logged
    is in ``caplog``."""

    def run(model, checkpoint, **arguments):
        logger = logging.getLogger('test_hand_over_hook')
        hub = MessageHub('hand over')
        runner = SimpleNamespace(
            model=model, _load_from='before.pth', message_hub=hub, logger=logger)
        with caplog.at_level(logging.INFO, logger.name):
            HandOverHook(**arguments).after_load_checkpoint(runner, checkpoint)
        return hub.get_info('new_weights')

    return run


@pytest.mark.parametrize('wrap', [lambda state: dict(state_dict=state), lambda state: state])
def test_all_fits(load, caplog, wrap):
    assert load(build(coco=3), wrap(build(coco=3).state_dict()), new=[]) == []
    assert caplog.messages == ['before.pth: new in the model: nothing; not used: nothing']


@pytest.mark.parametrize('new', [None, ['head.classifiers.heads']])
def test_heads_come_and_go(load, caplog, new):
    state = build(coco=3, old=2).state_dict()
    assert load(build(coco=3, mose=2, ovis=26), state, new=new) == [
        'head.classifiers.heads.mose (2)', 'head.classifiers.heads.ovis (2)']
    assert caplog.messages == [
        'before.pth: new in the model: head.classifiers.heads.mose (2), '
        'head.classifiers.heads.ovis (2); not used: head.classifiers.heads.old (2)']


def test_parts_are_counted_up_to_their_first_index(load):
    """Weight and bias of a layer; of the norm also the statistics, but not the counter."""
    assert load(build(coco=3), build(coco=3).head.state_dict(prefix='head.')) == ['layers (6)']


def test_indices_and_counters_may_be_lacking(load):
    state = {key: value for key, value in build(coco=3).state_dict().items()
             if value.is_floating_point()}
    assert 'layers.0.index' not in state and load(build(coco=3), state, new=[]) == []


@pytest.mark.parametrize('change, parts', [
    (dict(removed='layers.1.running_mean'),
     ['lacks the weight layers.1.running_mean', 'only head.classifiers.heads may be new',
      'default_hooks.hand_over.new']),
    (dict(added='layers.7.weight'), ['the model has no weight layers.7.weight']),
    (dict(misshaped='head.classifiers.heads.coco.weight'),
     ['head.classifiers.heads.coco.weight is (5, 2) there and (3, 2) in the model']),
])
def test_what_does_not_fit(load, change, parts):
    state = build(coco=3).state_dict()
    state.pop(change.get('removed'), None)
    state.update({change[key]: torch.zeros(5, 2) for key in ('added', 'misshaped')
                  if key in change})
    with pytest.raises(CheckpointError) as caught:
        load(build(coco=3), dict(state_dict=state), new=['head.classifiers.heads'])
    message = str(caught.value)
    assert message.startswith('before.pth: ') and '\n' not in message
    assert [part for part in parts if part not in message] == []
