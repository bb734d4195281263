"""The command lines of the converters, on a small AUSM and random weights of its own backbone."""
import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ausm_mm.engine import read_checkpoint
from ausm_mm.registry import MODELS

MASK2FORMER = 'model_converters/mask2former_to_ausm.py'
SWIN = 'model_converters/swin_to_ausm.py'
MODEL = dict(
    type='AUSM',
    backbone=dict(type='mmpretrain.SwinTransformer', out_indices=(0, 1, 2, 3), window_size=2,
                  arch=dict(embed_dims=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1])),
    pixel_encoder=dict(type='FPNPixelEncoder', in_channels=(8, 16, 32, 64), feat_channels=16,
                       out_channels=16, num_outs=2),
    marker=dict(type='HistoryMarker', embed_dims=16, num_ids=6),
    compressor=dict(type='HistoryCompressor', embed_dims=16, num_layers=1, num_heads=2,
                    mixer=dict(type='Mamba'),
                    positional_encoding=dict(type='SinePositionalEncoding', num_feats=8)),
    history_decoder=dict(type='HistoryDecoder', embed_dims=16, num_layers=1, num_heads=2,
                         positional_encoding=dict(type='SinePositionalEncoding', num_feats=8)),
    head=dict(type='QueryDecoderHead', num_classes=dict(coco=80), embed_dims=16, num_queries=5,
              num_layers=1, num_heads=2, feedforward_channels=32, num_levels=2,
              positional_encoding=dict(type='SinePositionalEncoding', num_feats=8)))


@pytest.fixture(scope='module')
def small(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp('config') / 'small.py'
    Config(dict(model=copy.deepcopy(MODEL))).dump(path)
    return str(path)


@pytest.fixture
def swin(tmp_path) -> tuple:
    """Path of an mmpretrain checkpoint, and its weights."""
    init_default_scope('ausm_mm')
    torch.manual_seed(0)
    state = MODELS.build(dict(MODEL['backbone'], out_indices=(3, ))).state_dict()
    weights = {'backbone.' + key: value for key, value in state.items()}
    torch.save(dict(state_dict=dict(weights, **{'head.fc.bias': torch.zeros(5)})),
               tmp_path / 'swin.pth')
    return tmp_path / 'swin.pth', weights


def test_table_and_file(run_tool, small, swin, tmp_path, capsys):
    path, weights = swin
    out = tmp_path / 'new/ausm.pth'
    run_tool(SWIN, path, small, out)
    state = read_checkpoint(str(out))
    learned = {key for key in weights if not key.endswith('relative_position_index')}
    assert state.keys() == learned
    assert all(torch.equal(state[key], weights[key]) for key in learned)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'Swin Transformer of mmpretrain, {path}'
    n = len(learned)
    assert lines[1] == f'mapped: {n} weights of the source fill {n} of AUSM, from'
    assert any(line.split() == ['8', 'backbone.stages.*.blocks.*.norm1',
                                'backbone.stages.*.blocks.*.norm1'] for line in lines)
    assert any(line.split() == ['1', 'head.fc', 'the', 'ImageNet', 'classifier'] for line in lines)
    assert '     1  marker.bank' in lines
    assert lines[-1] == f'written: {out}, {n} weights'


def test_refused_weights_are_shown_and_not_written(tool_error, small, swin, tmp_path, capsys):
    path, _ = swin
    out = tmp_path / 'ausm.pth'
    line = tool_error(SWIN, path, small, out, '--cfg-options', 'model.backbone.window_size=4')
    assert line.startswith(f'error: {path}: does not fit the model: 0 weights missing, 0 without a '
                           'place, 4 of another shape (backbone.stages.0.blocks.0.attn.w_msa.')
    assert 'mapped: ' in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == [path]


def test_another_network(tool_error, small, swin, tmp_path):
    path, _ = swin
    line = tool_error(MASK2FORMER, path, small, tmp_path / 'ausm.pth')
    assert line.startswith(f'error: {path}: no Mask2Former of mmdet, original, transformers: no '
                           'key begins with panoptic_head., sem_seg_head., ')


def test_source_overrides_the_guess(tool_error, small, swin, tmp_path):
    path, _ = swin
    line = tool_error(SWIN, path, small, tmp_path / 'ausm.pth', '--source', 'timm')
    assert 'weights missing, 0 without a place, 0 of another shape' in line


def test_code_needs_trust(run_tool, tool_error, small, swin, tmp_path):
    path, weights = swin
    torch.save(dict(state_dict=weights, config=Config()), path)
    out = tmp_path / 'ausm.pth'
    line = tool_error(SWIN, path, small, out)
    assert 'since it holds mmengine.config.config.Config' in line and '--trust' in line
    run_tool(SWIN, path, small, out, '--trust')
    assert read_checkpoint(str(out)).keys() <= weights.keys()


def test_out_that_cannot_be_written(tool_error, small, swin):
    path, _ = swin
    line = tool_error(SWIN, path, small, path / 'ausm.pth')
    assert line.startswith('error: ') and line.endswith("'; give a path that can be written")
    assert str(path) in line and path.is_file()


@pytest.mark.parametrize('tool', [MASK2FORMER, SWIN])
def test_missing_files(tool_error, small, swin, tmp_path, tool):
    out = tmp_path / 'ausm.pth'
    assert tool_error(tool, 'gone.pth', small, out) == (
        'error: gone.pth: no such checkpoint; check the path')
    if tool == SWIN:
        assert tool_error(tool, swin[0], 'gone.py', out) == (
            'error: gone.py: no such config; correct the path')
