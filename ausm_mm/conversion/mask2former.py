"""Names of Mask2Former weights: mmdet's, the original repository's, transformers'."""
from typing import Tuple

from .rules import Family, Rule
from .swin import mmpretrain_rules, original_rules, transformers_rules

# Mask2Former's 80 classes of COCO and, last, "no object": the order of mmdet's CocoDataset in all
# three projects.
CLASSIFIER = 'head.classifiers.heads.coco'
NO_CLASSIFIER = "the config has no classifier 'coco'"
DECODER = 'head.layers.*.'
ENCODER = 'pixel_encoder.encoder.layers.*.'
# AUSM gives the pixel encoder's levels to its query decoder as they are. Where the source projects
# them first (enforce_input_projection), its other weights are of no use.
PROJECTIONS = 'head.decoder_input_projs'


def mmdet_rules() -> Tuple[Rule, ...]:
    """mmdet 3.x; the pixel encoder is the same class as AUSM's."""
    layer = 'panoptic_head.transformer_decoder.layers.*.'
    return (
        *mmpretrain_rules('backbone.'),
        Rule('panoptic_head.pixel_decoder', 'pixel_encoder'),
        Rule('panoptic_head.decoder_input_projs', PROJECTIONS),
        *(Rule(f'panoptic_head.{name}', f'head.{name}')
          for name in ('query_feat', 'query_embed', 'level_embed', 'mask_embed')),
        Rule(layer + 'cross_attn.attn', DECODER + 'cross_attn'),
        Rule(layer + 'self_attn.attn', DECODER + 'self_attn'),
        Rule(layer + 'ffn.layers.0.0', DECODER + 'ffn.0'),
        Rule(layer + 'ffn.layers.1', DECODER + 'ffn.2'),
        Rule(layer + 'norms', DECODER + 'norms'),
        Rule('panoptic_head.transformer_decoder.post_norm', 'head.post_norm'),
        Rule('panoptic_head.cls_embed', CLASSIFIER, NO_CLASSIFIER),
    )


def _mask_embed(source: str) -> Tuple[Rule, ...]:
    """Three linear layers; AUSM's have a ReLU between them."""
    return tuple(Rule(source.format(i), f'head.mask_embed.{2 * i}') for i in range(3))


def original_model_rules() -> Tuple[Rule, ...]:
    """The repository facebookresearch/Mask2Former, built on detectron2."""
    pixel, predictor = 'sem_seg_head.pixel_decoder.', 'sem_seg_head.predictor.'
    layer = pixel + 'transformer.encoder.layers.*.'
    cross = predictor + 'transformer_cross_attention_layers.*.'
    own = predictor + 'transformer_self_attention_layers.*.'
    ffn = predictor + 'transformer_ffn_layers.*.'
    return (
        *original_rules('backbone.'),
        Rule(pixel + 'input_proj.*.0', 'pixel_encoder.input_convs.*.conv'),
        Rule(pixel + 'input_proj.*.1', 'pixel_encoder.input_convs.*.gn'),
        Rule(pixel + 'transformer.level_embed', 'pixel_encoder.level_encoding.weight'),
        Rule(layer + 'self_attn', ENCODER + 'self_attn'),
        Rule(layer + 'norm1', ENCODER + 'norms.0'),
        Rule(layer + 'linear1', ENCODER + 'ffn.layers.0.0'),
        Rule(layer + 'linear2', ENCODER + 'ffn.layers.1'),
        Rule(layer + 'norm2', ENCODER + 'norms.1'),
        Rule(pixel + 'adapter_1.norm', 'pixel_encoder.lateral_convs.0.gn'),
        Rule(pixel + 'adapter_1', 'pixel_encoder.lateral_convs.0.conv'),
        Rule(pixel + 'layer_1.norm', 'pixel_encoder.output_convs.0.gn'),
        Rule(pixel + 'layer_1', 'pixel_encoder.output_convs.0.conv'),
        Rule(pixel + 'mask_features', 'pixel_encoder.mask_feature'),
        Rule(predictor + 'input_proj', PROJECTIONS),
        Rule(predictor + 'static_query', 'head.query_feat'),  # in the first releases
        *(Rule(predictor + name, f'head.{name}')
          for name in ('query_feat', 'query_embed', 'level_embed')),
        Rule(cross + 'multihead_attn', DECODER + 'cross_attn'),
        Rule(cross + 'norm', DECODER + 'norms.0'),
        Rule(own + 'self_attn', DECODER + 'self_attn'),
        Rule(own + 'norm', DECODER + 'norms.1'),
        Rule(ffn + 'linear1', DECODER + 'ffn.0'),
        Rule(ffn + 'linear2', DECODER + 'ffn.2'),
        Rule(ffn + 'norm', DECODER + 'norms.2'),
        Rule(predictor + 'decoder_norm', 'head.post_norm'),
        *_mask_embed(predictor + 'mask_embed.layers.{}'),
        Rule(predictor + 'class_embed', CLASSIFIER, NO_CLASSIFIER),
        Rule('criterion.empty_weight', reason='a weight of the loss'),
    )


def transformers_model_rules() -> Tuple[Rule, ...]:
    """``Mask2FormerForUniversalSegmentation`` of Hugging Face's transformers, as in its files."""
    pixel = 'model.pixel_level_module.decoder.'
    encoder = pixel + 'encoder.layers.*.'
    module = 'model.transformer_module.'
    layer = module + 'decoder.layers.*.'
    return (
        *transformers_rules('model.pixel_level_module.encoder.'),
        Rule(pixel + 'input_projections.*.0', 'pixel_encoder.input_convs.*.conv'),
        Rule(pixel + 'input_projections.*.1', 'pixel_encoder.input_convs.*.gn'),
        Rule(pixel + 'level_embed', 'pixel_encoder.level_encoding.weight'),
        Rule(encoder + 'self_attn', ENCODER + 'self_attn'),
        Rule(encoder + 'self_attn_layer_norm', ENCODER + 'norms.0'),
        Rule(encoder + 'fc1', ENCODER + 'ffn.layers.0.0'),
        Rule(encoder + 'fc2', ENCODER + 'ffn.layers.1'),
        Rule(encoder + 'final_layer_norm', ENCODER + 'norms.1'),
        Rule(pixel + 'adapter_1.0', 'pixel_encoder.lateral_convs.0.conv'),
        Rule(pixel + 'adapter_1.1', 'pixel_encoder.lateral_convs.0.gn'),
        Rule(pixel + 'layer_1.0', 'pixel_encoder.output_convs.0.conv'),
        Rule(pixel + 'layer_1.1', 'pixel_encoder.output_convs.0.gn'),
        Rule(pixel + 'mask_projection', 'pixel_encoder.mask_feature'),
        Rule(module + 'input_projections', PROJECTIONS),
        Rule(module + 'queries_features', 'head.query_feat'),
        Rule(module + 'queries_embedder', 'head.query_embed'),
        Rule(module + 'level_embed', 'head.level_embed'),
        Rule(layer + 'cross_attn', DECODER + 'cross_attn'),
        Rule(layer + 'cross_attn_layer_norm', DECODER + 'norms.0'),
        *(Rule(f'{layer}self_attn.{name}_proj.{kind}', f'{DECODER}self_attn.in_proj_{kind}',
               part=part)
          for part, name in enumerate('qkv') for kind in ('weight', 'bias')),
        Rule(layer + 'self_attn', DECODER + 'self_attn'),
        Rule(layer + 'self_attn_layer_norm', DECODER + 'norms.1'),
        Rule(layer + 'fc1', DECODER + 'ffn.0'),
        Rule(layer + 'fc2', DECODER + 'ffn.2'),
        Rule(layer + 'final_layer_norm', DECODER + 'norms.2'),
        Rule(module + 'decoder.layernorm', 'head.post_norm'),
        *_mask_embed(module + 'decoder.mask_predictor.mask_embedder.{}.0'),
        Rule('class_predictor', CLASSIFIER, NO_CLASSIFIER),
        Rule('criterion.empty_weight', reason='a weight of the loss'),
    )


MASK2FORMER = Family(
    'Mask2Former',
    layouts=dict(mmdet=mmdet_rules(), original=original_model_rules(),
                 transformers=transformers_model_rules()),
    marks=dict(mmdet=('panoptic_head.', ), original=('sem_seg_head.', ),
               transformers=('model.pixel_level_module.', )),
    # AUSM's own parts, and the classes of data sets that Mask2Former was not trained on
    new=r'first_feature|(marker|compressor|history_decoder|head\.(id_embed|pool_proj|classifiers))\..*')
