"""The table of the converters."""
import pytest

from ausm_mm.conversion import Conversion, format_conversion
from ausm_mm.conversion.report import group_of


@pytest.mark.parametrize('key, group', [
    ('layers.3.norm1.bias', 'layers.*.norm1'),
    ('layers.3.blocks.10.mlp.0.weight', 'layers.*.blocks.*.mlp.*'),
    ('attn.in_proj_weight', 'attn.in_proj'),
    ('level_embed', 'level_embed'),
    ('backbone.norm3.weight', 'backbone.norm3'),
    ('first_feature', 'first_feature'),
    ('bias', 'bias'),
])
def test_group_of(key, group):
    assert group_of(key) == group


def test_every_key_is_counted_once():
    conversion = Conversion(
        origins={'s.0.qkv.weight': ['l.0.q.weight', 'l.0.k.weight'],
                 's.1.qkv.weight': ['l.1.q.weight', 'l.1.k.weight'],
                 'norm3.weight': ['norm.weight']},
        unused={'head.weight': 'the classifier', 'head.bias': 'the classifier', 'x': 'unknown'},
        new=['marker.bank.weight'], constants=['s.0.index', 's.1.index'],
        lacking=['norm2.weight'], homeless={'s.2.qkv.bias': 'l.2.q.bias'})
    assert format_conversion(conversion).splitlines() == [
        'mapped: 5 weights of the source fill 3 of AUSM, from',
        '     2  s.*.qkv  l.*.q, k',
        '     1  norm3    norm',
        'without a place in AUSM: 1 weights of the source',
        '     1  l.*.q',
        'not used: 3 weights of the source, because',
        '     2  head  the classifier',
        '     1  x     unknown',
        'lacking: 1 weights of AUSM',
        '     1  norm2',
        'new: 1 weights of AUSM stay as initialised',
        '     1  marker.bank',
        'constant: 2 of AUSM are computed',
        '     2  s.*.index',
    ]


def test_empty():
    assert format_conversion(Conversion()) == ''
