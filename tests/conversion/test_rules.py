"""Renaming by rules, key by key."""
import pytest
import torch

from ausm_mm.conversion import Conversion, ConversionError, Family, Rule, convert_weights


@pytest.mark.parametrize('rule, key, name', [
    (Rule('a.b', 'c'), 'a.b.weight', 'c.weight'),
    (Rule('a.b', 'c'), 'a.b', 'c'),
    (Rule('a.b', 'c'), 'a.b.d.0.bias', 'c.d.0.bias'),
    (Rule('a.b', 'c'), 'a.bc.weight', None),
    (Rule('a.b', 'c'), 'axb.weight', None),
    (Rule('a.b', 'c'), 'z.a.b.weight', None),
    (Rule('l.*.b.*.n', 's.*.k.*.m'), 'l.3.b.12.n.bias', 's.3.k.12.m.bias'),
    (Rule('l.*.n', 's.*.m'), 'l.x.n.bias', None),
    (Rule('l.*.n', 's'), 'l.3.n.bias', 's.bias'),
    (Rule('a', reason='not needed'), 'a.weight', ''),
])
def test_rename(rule, key, name):
    assert rule.rename(key) == name


def numbers(*shape: int) -> torch.Tensor:
    return torch.arange(float(torch.Size(shape).numel())).view(shape)


def convert(weights: dict, rules: list, **shapes) -> Conversion:
    own = {key.replace('__', '.'): torch.zeros(shape) for key, shape in shapes.items()}
    return convert_weights(weights, rules, own, new=r'new\..*')


def error_line(conversion: Conversion) -> str:
    with pytest.raises(ConversionError) as error:
        conversion.check('x.pth')
    assert '\n' not in str(error.value)
    return str(error.value)


def test_every_fate_of_a_key():
    result = convert(
        dict({'a.w': numbers(2), 'b.w': numbers(3), 'c.w': numbers(1), 'd.w': numbers(1),
              'e.relative_position_index': numbers(4)}),
        [Rule('a', 'x'), Rule('b', reason='not needed'), Rule('c', 'y', reason='no y here'),
         Rule('e', 'x')],
        x__w=(2, ), new__w=(5, ), x__relative_position_index=(4, ))
    assert {key: value.tolist() for key, value in result.state.items()} == {'x.w': [0, 1]}
    assert result.origins == {'x.w': ['a.w']}
    assert result.unused == {'b.w': 'not needed', 'c.w': 'no y here', 'd.w': 'unknown',
                             'e.relative_position_index': 'a constant'}
    assert (result.new, result.constants) == (['new.w'], ['x.relative_position_index'])
    result.check('x.pth')


def test_a_reason_only_counts_where_the_target_is_lacking():
    result = convert({'c.w': numbers(1)}, [Rule('c', 'y', reason='no y here')], y__w=(1, ))
    assert result.state.keys() == {'y.w'} and not result.unused


def test_the_first_rule_decides():
    result = convert({'a.b.w': numbers(1)}, [Rule('a.b', 'y'), Rule('a', 'x')], y__w=(1, ))
    assert result.origins == {'y.w': ['a.b.w']}


@pytest.mark.parametrize('order', [('q', 'k', 'v'), ('v', 'q', 'k')])
def test_parts_are_joined_in_their_order(order):
    weights = dict(q=numbers(1, 2), k=numbers(1, 2) + 10, v=numbers(2, 2) + 20)
    rules = [Rule(name, 'qkv', part=part) for part, name in enumerate('qkv')]
    result = convert({name: weights[name] for name in order}, rules, qkv=(4, 2))
    assert result.state['qkv'].tolist() == [[0, 1], [10, 11], [20, 21], [22, 23]]
    assert result.origins == {'qkv': ['q', 'k', 'v']}


def test_change_sees_the_whole_weight():
    rules = [Rule(name, 'x', part=part, change=lambda x: x.flip(0))
             for part, name in enumerate('ab')]
    result = convert(dict(a=numbers(2), b=numbers(1) + 5), rules, x=(3, ))
    assert result.state['x'].tolist() == [5, 1, 0]


def test_type_of_the_model():
    result = convert(dict(a=numbers(2).half()), [Rule('a', 'x')], x=(2, ))
    assert result.state['x'].dtype == torch.float32


@pytest.mark.parametrize('weights, found', [
    (dict(q=numbers(2, 3)), '(2, 3)'),
    (dict(q=numbers(2, 2), k=numbers(1, 2)), '(2, 2) and (1, 2)'),
    (dict(q=numbers(2, 2), k=numbers(2, 3)), '(2, 2) and (2, 3)'),
    (dict(q=numbers(8)), '(8,)'),
    (dict(q=torch.tensor(1.)), '()'),
    (dict(q=torch.tensor(1.), k=torch.tensor(2.)), '() and ()'),
    (dict(q=numbers(4, 2), k=torch.tensor(2.)), '(4, 2) and ()'),
])
def test_another_shape(weights, found):
    rules = [Rule(name, 'qk', part=part, change=lambda x: x.view(2, 2, 2))
             for part, name in enumerate('qk')]
    result = convert(weights, rules, qk=(4, 2))
    assert not result.state and result.origins == {'qk': list(weights)}
    assert error_line(result) == (
        'x.pth: does not fit the model: 0 weights missing, 0 without a place, 1 of another shape '
        f'(qk is {found} there and (4, 2) in the model); take the config of its architecture, or '
        'change it with --cfg-options')


def test_lacking_and_homeless():
    result = convert({'a.w': numbers(1), 'a.v': numbers(1)}, [Rule('a', 'x')],
                     x__w=(1, ), y__w=(1, ))
    assert (result.lacking, result.homeless) == (['y.w'], {'x.v': 'a.v'})
    assert ('1 weights missing, 1 without a place, 0 of another shape (a.v has no place in the '
            'model)') in error_line(result)


def test_no_weights_at_all():
    assert '2 weights missing, 0 without' in error_line(convert({}, [], x=(1, ), y=(1, )))


def test_guess_without_keys():
    family = Family('Net', dict(ours=()), dict(ours=('net.', )), new='')
    assert family.guess(['head.w', 'net.w'], 'x.pth') == 'ours'
    with pytest.raises(ConversionError) as error:
        family.guess([], 'x.pth')
    assert str(error.value) == ("x.pth: no Net of ours: no key begins with net.; its first one is "
                                "'missing'; take another file")
