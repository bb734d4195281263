import pytest
import torch
from mmdet.models import Mask2FormerHead
from mmengine.config import ConfigDict

from ausm_mm.models import HistoryDecoder, QueryDecoderHead
from ausm_mm.models.heads.query_decoder_head import attention_mask, mask_pool
from ausm_mm.structures import FrameFeatures

DIMS, HEADS, LAYERS = 32, 4, 4
POSITION = dict(num_feats=DIMS // 2, normalize=True)
SIZES, CANVAS = [(32, 48), (20, 31)], (32, 48)


@pytest.fixture
def head(random_parameters):
    return random_parameters(QueryDecoderHead(
        dict(shapes=3, plain=1), embed_dims=16, num_queries=5, num_layers=3, num_heads=2,
        feedforward_channels=32, num_levels=2,
        positional_encoding=dict(type='SinePositionalEncoding', num_feats=8, normalize=True)))


def _mask2former() -> Mask2FormerHead:
    attention = dict(embed_dims=DIMS, num_heads=HEADS, batch_first=True)
    ffn = dict(embed_dims=DIMS, feedforward_channels=64, num_fcs=2)
    config = ConfigDict(
        in_channels=[8, 16, 16, 24], strides=[4, 8, 16, 32], feat_channels=DIMS,
        out_channels=DIMS, num_things_classes=3, num_stuff_classes=0, num_queries=7,
        num_transformer_feat_level=3,
        pixel_decoder=dict(
            type='MSDeformAttnPixelDecoder', num_outs=3, norm_cfg=dict(type='GN', num_groups=8),
            act_cfg=dict(type='ReLU'), positional_encoding=POSITION,
            encoder=dict(num_layers=1, layer_cfg=dict(
                self_attn_cfg=dict(attention, num_levels=3, num_points=2), ffn_cfg=ffn))),
        positional_encoding=POSITION,
        loss_cls=dict(type='CrossEntropyLoss', class_weight=[1.0] * 3 + [0.1]),
        transformer_decoder=dict(
            num_layers=LAYERS, return_intermediate=True,
            layer_cfg=dict(self_attn_cfg=attention, cross_attn_cfg=attention, ffn_cfg=ffn)))
    return Mask2FormerHead(**config)


def _mask2former_keys() -> dict:
    """Prefix in QueryDecoderHead -> prefix in Mask2FormerHead."""
    keys = {name: name for name in ('query_feat.', 'query_embed.', 'level_embed.', 'mask_embed.')}
    keys['post_norm.'] = 'transformer_decoder.post_norm.'
    keys['classifiers.heads.shapes.'] = 'cls_embed.'
    for i in range(LAYERS):
        ours, theirs = f'layers.{i}.', f'transformer_decoder.layers.{i}.'
        keys[ours + 'cross_attn.'] = theirs + 'cross_attn.attn.'
        keys[ours + 'self_attn.'] = theirs + 'self_attn.attn.'
        keys[ours + 'ffn.0.'] = theirs + 'ffn.layers.0.0.'
        keys[ours + 'ffn.2.'] = theirs + 'ffn.layers.1.'
        keys[ours + 'norms.'] = theirs + 'norms.'
    return keys


@pytest.fixture
def mask2former(random_parameters):
    """mmdet's head and ours with its weights."""
    theirs = random_parameters(_mask2former().eval())
    ours = QueryDecoderHead(
        dict(shapes=3), embed_dims=DIMS, num_queries=7, num_layers=LAYERS, num_heads=HEADS,
        feedforward_channels=64, num_levels=3,
        positional_encoding=dict(POSITION, type='SinePositionalEncoding'))
    weights = theirs.state_dict()
    copied = {mine + key[len(other):]: value for mine, other in _mask2former_keys().items()
              for key, value in weights.items() if key.startswith(other)}
    missing, unexpected = ours.load_state_dict(copied, strict=False)
    assert missing == ['id_embed.weight'] and not unexpected
    return theirs, ours


@pytest.mark.parametrize('padded_rows', [0, 3])
def test_detection_rows_equal_mask2former(mask2former, padded_rows):
    """Zero-initialised history path, no ID rows in use: class logits and masks of all layers."""
    theirs, ours = mask2former
    H, W = 64, 96
    feats = [torch.randn(2, c, H // s, W // s)
             for c, s in zip((8, 16, 16, 24), (4, 8, 16, 32))]
    history_decoder = HistoryDecoder(
        embed_dims=DIMS, num_layers=1, num_heads=HEADS, feedforward_channels=64, zero_init=True,
        positional_encoding=dict(POSITION, type='SinePositionalEncoding'))
    with torch.no_grad():
        classes, masks = theirs(feats, [None, None])
        mask_feature, levels = theirs.pixel_decoder(feats)
        features = FrameFeatures(
            tuple(levels), mask_feature, levels[-1], torch.tensor([[H, W]] * 2), (H, W))
        features = history_decoder(features, torch.randn(2, DIMS, H // 8, W // 8))
        in_use = torch.zeros(2, padded_rows, dtype=torch.bool)
        layers = ours(features, torch.randn(2, padded_rows, DIMS), in_use, ['shapes'] * 2)
    assert len(layers) == len(classes) == LAYERS + 1
    for layer, class_logits, mask_logits in zip(layers, classes, masks):
        torch.testing.assert_close(
            layer.class_logits[:, padded_rows:], class_logits, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(
            layer.mask_logits[:, padded_rows:], mask_logits, rtol=1e-4, atol=1e-4)
    assert masks[-1].std() > 0.1 and (masks[-1] > 0).any() and (masks[-1] < 0).any()


def _assert_rows_equal(layers, expected, rows, expected_rows, frame=slice(None)):
    for layer, other in zip(layers, expected):
        for ours, theirs in zip(layer, other):
            torch.testing.assert_close(
                ours[frame][..., rows, :] if ours.dim() == 3 else ours[frame][:, rows],
                theirs[frame][..., expected_rows, :] if ours.dim() == 3
                else theirs[frame][:, expected_rows], rtol=1e-4, atol=1e-5)


def test_padded_rows_change_no_other_row(head, make_features):
    """Three ID rows of which the middle one is padding, against the two others alone."""
    features, vectors = make_features(SIZES, CANVAS), torch.randn(2, 3, 16)
    vectors[:, 1] *= 100
    in_use = torch.tensor([[True, False, True]] * 2)
    names = ['shapes'] * 2
    padded = head(features, vectors, in_use, names)
    alone = head(features, vectors[:, ::2], in_use[:, ::2], names)
    _assert_rows_equal(padded, alone, [0, 2, 3, 4, 5, 6, 7], list(range(7)))


def test_rows_in_use_are_seen_by_the_others(head, make_features):
    features, vectors = make_features(SIZES, CANVAS), torch.randn(2, 2, 16)
    in_use, names = torch.ones(2, 2, dtype=torch.bool), ['shapes'] * 2
    before = head(features, vectors, in_use, names)[-1]
    vectors[0, 1] = torch.randn(16)
    after = head(features, vectors, in_use, names)[-1]
    difference = (after.class_logits - before.class_logits).abs().amax(-1)
    assert difference[0].min() > 2e-5 and difference[1].max() < 5e-6


def test_padded_pixels_change_nothing(head, make_features):
    features, vectors = make_features(SIZES, CANVAS), torch.randn(2, 2, 16)
    in_use, names = torch.ones(2, 2, dtype=torch.bool), ['shapes'] * 2
    before = head(features, vectors, in_use, names)
    for level in features.levels:
        padding = ~features.valid(level.shape[-2:])[:, None]
        level.copy_(torch.where(padding, 100 * torch.randn_like(level), level))
    after = head(features, vectors, in_use, names)
    for layer, expected in zip(after, before):
        torch.testing.assert_close(tuple(layer), tuple(expected))


def test_mixed_data_sets_equal_separate_batches(head, make_features):
    features, vectors = make_features(SIZES, CANVAS), torch.randn(2, 2, 16)
    in_use = torch.ones(2, 2, dtype=torch.bool)
    mixed = head(features, vectors, in_use, ['plain', 'shapes'])
    plain = head(features, vectors, in_use, ['plain'] * 2)
    shapes = head(features, vectors, in_use, ['shapes'] * 2)
    for layer, one, other in zip(mixed, plain, shapes):
        torch.testing.assert_close(layer.mask_logits, other.mask_logits)
        torch.testing.assert_close(layer.class_logits[0][:, [0, 3]], one.class_logits[0])
        torch.testing.assert_close(layer.class_logits[1], other.class_logits[1])


def test_no_gradient_into_absent_heads(head, make_features):
    features = make_features(SIZES, CANVAS)
    layers = head(features, torch.randn(2, 1, 16), torch.ones(2, 1, dtype=torch.bool),
                  ['plain'] * 2)
    sum(layer.class_logits.sum() for layer in layers).backward()
    assert all(p.grad is None for p in head.classifiers.heads['shapes'].parameters())
    assert all(p.grad is not None for p in head.classifiers.heads['plain'].parameters())


def test_unknown_data_set_is_one_line(head, make_features):
    with pytest.raises(ValueError, match="no classification head for data set 'ovis'") as error:
        head(make_features(SIZES, CANVAS), torch.zeros(2, 0, 16),
             torch.zeros(2, 0, dtype=torch.bool), ['ovis'] * 2)
    assert '\n' not in str(error.value)


def test_attention_mask_by_hand():
    """Grid 1 x 4 whose last cell is padding: own mask, empty mask, mask in the padding only."""
    logits = torch.tensor([[[[1., -1., 0., 1.]], [[-1., -1., -1., -1.]], [[-1., -1., -1., 1.]]]])
    valid = torch.tensor([[[True, True, True, False]]])
    assert attention_mask(logits, valid)[0, 0].int().tolist() == [
        [1, 0, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0]]


def test_attention_mask_is_resized_bilinearly():
    logits = torch.tensor([[[[3., -1., -1., -2.], [3., -1., -1., 1.]]]])
    valid = torch.ones(1, 1, 2, dtype=torch.bool)
    assert attention_mask(logits, valid)[0, 0].int().tolist() == [[1, 0]]  # means 1 and -0.75


def test_mask_pool_by_hand():
    """Two valid cells of three: the shares of the mask weight the appearance, padding does not."""
    appearance = torch.tensor([[1., 3., 100.], [10., 30., 100.]]).view(1, 2, 1, 3)
    logits = torch.full((1, 2, 2, 6), -50.)
    logits[0, 0, :, 1:3] = 50.  # half of the first cell, half of the second
    logits[0, 1, 0, 2:] = 50.  # half of the second cell, and padding
    features = FrameFeatures((appearance, ), torch.zeros(1, 2, 2, 6), appearance,
                             torch.tensor([[8, 16]]), (8, 24))
    pooled = mask_pool(logits, features)
    torch.testing.assert_close(pooled, torch.tensor([[[2., 20.], [3., 30.]]]))


def test_mask_pool_of_an_empty_mask_is_finite():
    appearance = torch.ones(1, 2, 1, 3)
    features = FrameFeatures((appearance, ), torch.zeros(1, 2, 2, 6), appearance,
                             torch.tensor([[8, 24]]), (8, 24))
    pooled = mask_pool(torch.full((1, 1, 2, 6), -200.), features)
    torch.testing.assert_close(pooled, torch.zeros(1, 1, 2))


def test_pooled_classes_only_change_the_classes(make_features):
    torch.manual_seed(0)
    options = dict(num_classes=dict(shapes=3), embed_dims=16, num_queries=4, num_layers=1,
                   num_heads=2, feedforward_channels=32, num_levels=2,
                   positional_encoding=dict(
                       type='SinePositionalEncoding', num_feats=8, normalize=True))
    pooled = QueryDecoderHead(pooled_classes=True, **options)
    plain = QueryDecoderHead(**options)
    plain.load_state_dict(pooled.state_dict(), strict=False)
    features = make_features([(16, 24)], (16, 32))
    arguments = torch.randn(1, 2, 16), torch.ones(1, 2, dtype=torch.bool), ['shapes']
    for ours, reference in zip(pooled(features, *arguments), plain(features, *arguments)):
        torch.testing.assert_close(ours.mask_logits, reference.mask_logits)
        extra = pooled.classifiers.heads['shapes'].weight @ pooled.pool_proj(
            mask_pool(ours.mask_logits, features)).transpose(1, 2)
        torch.testing.assert_close(ours.class_logits, reference.class_logits + extra.mT)
