"""Mask2Former of three projects -> AUSM that detects the same."""
import pickle
import re
from collections import OrderedDict
from pathlib import Path

import mmdet
import pytest
import torch
from mmengine.config import Config
from mmengine.runner.checkpoint import load_checkpoint
from safetensors.torch import load_file

from ausm_mm.conversion import MASK2FORMER, ConversionError, convert_weights, read_weights
from ausm_mm.models.task_modules import ForcedClips
from ausm_mm.registry import MODELS

ROOT = Path(__file__).parents[2]

# Names in the files of transformers -> names in facebookresearch/Mask2Former, whose code they are
# taken from: the opposite direction of the converter's rules.
BLOCK = r'model\.pixel_level_module\.encoder\.encoder\.layers\.(\d)\.blocks\.(\d)\.'
PIXEL = r'model\.pixel_level_module\.decoder\.'
LAYER = r'model\.transformer_module\.decoder\.layers\.(\d)\.'
HEAD = 'sem_seg_head.predictor.'
ORIGINAL_NAMES = [
    (r'model\.pixel_level_module\.encoder\.embeddings\.patch_embeddings\.projection',
     'backbone.patch_embed.proj'),
    (r'model\.pixel_level_module\.encoder\.embeddings', 'backbone.patch_embed'),
    (BLOCK + r'layernorm_before', r'backbone.layers.\1.blocks.\2.norm1'),
    (BLOCK + r'layernorm_after', r'backbone.layers.\1.blocks.\2.norm2'),
    (BLOCK + r'attention\.self\.relative', r'backbone.layers.\1.blocks.\2.attn.relative'),
    (BLOCK + r'attention\.self\.qkv', r'backbone.layers.\1.blocks.\2.attn.qkv'),
    (BLOCK + r'attention\.output\.dense', r'backbone.layers.\1.blocks.\2.attn.proj'),
    (BLOCK + r'intermediate\.dense', r'backbone.layers.\1.blocks.\2.mlp.fc1'),
    (BLOCK + r'output\.dense', r'backbone.layers.\1.blocks.\2.mlp.fc2'),
    (r'model\.pixel_level_module\.encoder\.encoder', 'backbone'),
    *((rf'model\.pixel_level_module\.encoder\.hidden_states_norms\.stage{i + 1}',
       f'backbone.norm{i}') for i in range(4)),
    (PIXEL + r'input_projections', 'sem_seg_head.pixel_decoder.input_proj'),
    (PIXEL + r'level_embed', 'sem_seg_head.pixel_decoder.transformer.level_embed'),
    *((PIXEL + rf'encoder\.layers\.(\d)\.{theirs}',
       rf'sem_seg_head.pixel_decoder.transformer.encoder.layers.\1.{name}')
      for theirs, name in (('self_attn_layer_norm', 'norm1'), ('final_layer_norm', 'norm2'),
                           ('fc1', 'linear1'), ('fc2', 'linear2'), ('self_attn', 'self_attn'))),
    (PIXEL + r'(adapter_1|layer_1)\.0', r'sem_seg_head.pixel_decoder.\1'),
    (PIXEL + r'(adapter_1|layer_1)\.1', r'sem_seg_head.pixel_decoder.\1.norm'),
    (PIXEL + r'mask_projection', 'sem_seg_head.pixel_decoder.mask_features'),
    (r'model\.transformer_module\.queries_features', HEAD + 'query_feat'),
    (r'model\.transformer_module\.queries_embedder', HEAD + 'query_embed'),
    (r'model\.transformer_module\.level_embed', HEAD + 'level_embed'),
    (LAYER + r'cross_attn_layer_norm', HEAD + r'transformer_cross_attention_layers.\1.norm'),
    (LAYER + r'cross_attn', HEAD + r'transformer_cross_attention_layers.\1.multihead_attn'),
    (LAYER + r'self_attn_layer_norm', HEAD + r'transformer_self_attention_layers.\1.norm'),
    (LAYER + r'self_attn\.qkv\.',
     HEAD + r'transformer_self_attention_layers.\1.self_attn.in_proj_'),
    (LAYER + r'self_attn', HEAD + r'transformer_self_attention_layers.\1.self_attn'),
    (LAYER + r'fc(\d)', HEAD + r'transformer_ffn_layers.\1.linear\2'),
    (LAYER + r'final_layer_norm', HEAD + r'transformer_ffn_layers.\1.norm'),
    (r'model\.transformer_module\.decoder\.layernorm', HEAD + 'decoder_norm'),
    (r'model\.transformer_module\.decoder\.mask_predictor\.mask_embedder\.(\d)\.0',
     HEAD + r'mask_embed.layers.\1'),
    (r'class_predictor', HEAD + 'class_embed'),
    (r'criterion', 'criterion'),
]


def in_original_names(weights: dict) -> OrderedDict:
    """Weights of transformers' file as the original repository has them."""
    merged = {}
    for key, value in weights.items():
        query = re.fullmatch(r'(.*\.)(query|q_proj)\.(weight|bias)', key)
        if query:
            names = ('query', 'key', 'value') if query[2] == 'query' else (
                'q_proj', 'k_proj', 'v_proj')
            value = torch.cat([weights[f'{query[1]}{name}.{query[3]}'] for name in names])
            merged[f'{query[1]}qkv.{query[3]}'] = value
        elif not re.search(r'\.(key|value|[kv]_proj)\.(weight|bias)$|swin\.layernorm', key):
            merged[key] = value
    original = OrderedDict()
    for key, value in merged.items():
        names = [re.sub('^' + pattern, name, key) for pattern, name in ORIGINAL_NAMES
                 if re.match(pattern, key)]
        original[names[0]] = value
        if key.endswith('relative_position_bias_table'):
            original[names[0].replace('bias_table', 'index')] = torch.zeros(16, 16).long()
    assert len(original) == len(merged) + 6
    return original


@pytest.fixture(scope='session')
def mmdet_model(build_mmdet):
    return build_mmdet()


@pytest.fixture(params=['mmdet', 'original', 'transformers'])
def source(request, tmp_path, image) -> tuple:
    """Name of the project, its file, class logits and mask logits of its model."""
    if request.param == 'mmdet':
        model, path = request.getfixturevalue('mmdet_model'), tmp_path / 'mmdet.pth'
        torch.save(dict(meta=dict(epoch=50), state_dict=model.state_dict()), path)
        with torch.no_grad():
            classes, masks = model.panoptic_head(model.extract_feat(image), [None])
        return request.param, path, classes[-1], masks[-1]
    model = request.getfixturevalue('transformers_model')
    path = model.path
    if request.param == 'original':
        path = tmp_path / 'model_final.pkl'
        arrays = {k: v.numpy() for k, v in in_original_names(load_file(model.path)).items()}
        path.write_bytes(pickle.dumps(dict(model=arrays, __author__='third_party')))
    return request.param, path, model.class_logits, model.mask_logits


def convert(weights: dict, model, project: str = ''):
    project = project or MASK2FORMER.guess(weights, 'file')
    return convert_weights(
        weights, MASK2FORMER.layouts[project], model.state_dict(), MASK2FORMER.new)


@torch.no_grad()
def detect(model, image: torch.Tensor) -> tuple:
    """Class and mask logits of the detection rows on a first frame without a prompt."""
    empty = torch.zeros(1, 1, 0, dtype=torch.bool)
    forced = ForcedClips(
        bank_ids=torch.zeros(1, 0, dtype=torch.long), in_use=empty, detect=empty, visible=empty,
        history_masks=torch.zeros(1, 1, 0, *image.shape[-2:]),
        masks=torch.zeros(1, 1, 0, *image.shape[-2:], dtype=torch.bool),
        labels=torch.zeros(1, 0, dtype=torch.long), exhaustive=torch.tensor([True]),
        dataset_names=['coco'])
    return tuple(model.unroll(image[None], torch.tensor([image.shape[-2:]]), forced)[-1])


def test_same_detections(source, make_ausm, image, tmp_path):
    """Read, converted, loaded as ``load_from`` does."""
    project, path, class_logits, mask_logits = source
    torch.manual_seed(2)
    model = make_ausm()
    conversion = convert(read_weights(path), model)
    conversion.check('file')
    torch.save(conversion.state, tmp_path / 'ausm.pth')
    load_checkpoint(model, str(tmp_path / 'ausm.pth'))
    classes, masks = detect(model, image)
    assert classes.shape == (1, 7, 81) and masks.shape == (1, 7, 24, 40)
    torch.testing.assert_close(classes, class_logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(masks, mask_logits, rtol=1e-4, atol=1e-4)
    assert class_logits.std() > 0.1 and (mask_logits > 0).any() and (mask_logits < 0).any()


UNUSED = dict(
    mmdet=set(), original={'criterion.empty_weight'},
    transformers={'criterion.empty_weight',
                  'model.pixel_level_module.encoder.swin.layernorm.weight',
                  'model.pixel_level_module.encoder.swin.layernorm.bias'})


def test_every_key_is_accounted_for(source, make_ausm):
    project, path, *_ = source
    model, weights = make_ausm(), read_weights(path)
    conversion = convert(weights, model)
    mapped = [key for keys in conversion.origins.values() for key in keys]
    assert sorted([*mapped, *conversion.unused]) == sorted(weights)
    assert sorted([*conversion.state, *conversion.new, *conversion.constants]) == sorted(
        model.state_dict())
    assert {key for key, reason in conversion.unused.items()
            if reason != 'a constant'} == UNUSED[project]
    own = {'marker', 'compressor', 'history_decoder', 'first_feature'}
    assert {key for key in conversion.new if key.split('.')[0] not in own} == {
        'head.id_embed.weight', 'head.classifiers.heads.ovis.weight',
        'head.classifiers.heads.ovis.bias'}
    assert {key for key in model.state_dict() if key.split('.')[0] in own} <= {*conversion.new}
    assert conversion.constants == [
        key for key in model.state_dict() if key.endswith('relative_position_index')]


def test_full_size():
    """mmdet's own config for COCO instances fills what stage 1 expects of a checkpoint."""
    theirs = Config.fromfile(
        Path(mmdet.__file__).parent
        / '.mim/configs/mask2former/mask2former_swin-t-p4-w7-224_8xb2-lsj-50e_coco.py').model
    ours = Config.fromfile(ROOT / 'configs/ausm/ausm_swin-t_stage1.py')
    conversion = convert(MODELS.build(theirs).state_dict(), MODELS.build(ours.model))
    conversion.check('file')
    assert set(conversion.unused.values()) == {'a constant'}
    assert [key for key in conversion.new
            if not key.startswith(tuple(ours.default_hooks.hand_over.new))] == []


def test_without_a_classifier_of_coco(mmdet_model, make_ausm):
    model = make_ausm(head=dict(num_classes=dict(_delete_=True, ovis=25)))
    conversion = convert(mmdet_model.state_dict(), model)
    conversion.check('file')
    assert {key: reason for key, reason in conversion.unused.items() if 'cls_embed' in key} == {
        f'panoptic_head.cls_embed.{kind}': "the config has no classifier 'coco'"
        for kind in ('weight', 'bias')}


def test_older_names_of_the_original(transformers_model, make_ausm):
    """The first releases call the queries static_query."""
    weights = in_original_names(load_file(transformers_model.path))
    expected = convert(weights, make_ausm()).state
    queries = weights.pop('sem_seg_head.predictor.query_feat.weight')
    conversion = convert(
        dict(weights, **{'sem_seg_head.predictor.static_query.weight': queries}), make_ausm())
    assert conversion.state.keys() == expected.keys()
    assert torch.equal(conversion.state['head.query_feat.weight'], queries)


def test_half_precision_becomes_single(mmdet_model, make_ausm):
    weights = {key: value.half() for key, value in mmdet_model.state_dict().items()}
    state = convert(weights, make_ausm()).state
    assert {value.dtype for value in state.values()} == {torch.float32}
    torch.testing.assert_close(state['head.query_feat.weight'],
                               mmdet_model.panoptic_head.query_feat.weight.detach(),
                               rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('changes, message', [
    (dict(head=dict(num_queries=100)),
     '0 weights missing, 0 without a place, 2 of another shape (head.query_feat.weight is (7, 64) '
     'there and (100, 64) in the model)'),
    (dict(head=dict(num_classes=dict(coco=133))),
     '0 weights missing, 0 without a place, 2 of another shape (head.classifiers.heads.coco.weight '
     'is (81, 64) there and (134, 64) in the model)'),
    (dict(head=dict(num_layers=5)),
     '18 weights missing, 0 without a place, 0 of another shape (nothing for '
     'head.layers.4.cross_attn.in_proj_weight)'),
    (dict(backbone=dict(arch=dict(depths=[1, 2, 1, 1]))),
     '0 weights missing, 13 without a place, 0 of another shape '
     '(backbone.stages.3.blocks.1.norm1.weight has no place in the model)'),
])
def test_another_architecture(mmdet_model, make_ausm, changes, message):
    with pytest.raises(ConversionError) as error:
        convert(mmdet_model.state_dict(), make_ausm(**changes)).check('x.pth')
    assert str(error.value) == (
        f'x.pth: does not fit the model: {message}; take the config of its architecture, or '
        'change it with --cfg-options')


def test_projected_levels_have_no_place(build_mmdet, make_ausm):
    """Everything else would fit, and detect something else."""
    conversion = convert(
        build_mmdet(enforce_decoder_input_project=True).state_dict(), make_ausm())
    with pytest.raises(ConversionError, match='0 weights missing, 6 without a place, 0 of another'):
        conversion.check('x.pth')


def test_another_network(mmdet_model):
    with pytest.raises(ConversionError) as error:
        MASK2FORMER.guess({f'bbox_{key}' for key in mmdet_model.state_dict()}, 'x.pth')
    assert str(error.value).startswith('x.pth: no Mask2Former of mmdet, original, transformers')
    assert "its first one is 'bbox_backbone.norm0.bias'" in str(error.value)
