"""Names of Swin Transformer weights: everybody's to mmpretrain's, which AUSM's backbone has."""
from typing import Tuple

from torch import Tensor

from .rules import Family, Rule

STAGES = range(4)


def unfold_order(weight: Tensor) -> Tensor:
    """Input channels of patch merging in the order of ``nn.Unfold``.

    The original release stacks the four pixels of a 2 x 2 patch column by column and keeps the
    channels of a pixel together; ``nn.Unfold``, which mmcv's ``PatchMerging`` uses, goes row by row
    and keeps the pixels of a channel together.

    Args:
        weight: (..., 4 * C).

    Returns:
        (..., 4 * C).
    """
    pixels = weight.unflatten(-1, (2, 2, -1))  # (..., column, row, C)
    return pixels.transpose(-1, -3).flatten(-3)  # C, row, column


def mmpretrain_rules(source: str) -> Tuple[Rule, ...]:
    """Names of mmpretrain's and mmdet's Swin: those of AUSM.

    Args:
        source: Prefix of the keys, with its dot, if any.
    """
    names = 'patch_embed', 'stages', 'absolute_pos_embed', *(f'norm{i}' for i in STAGES)
    return tuple(Rule(source + name, 'backbone.' + name) for name in names)


def original_rules(source: str = '', downsample_first: bool = False) -> Tuple[Rule, ...]:
    """Names of the original release, which detectron2 projects and timm took over.

    Args:
        source: Prefix of the keys, with its dot.
        downsample_first: Patch merging opens a stage instead of closing the one before, as in timm
            since 0.9.
    """
    first = int(downsample_first)
    block, ours = source + 'layers.*.blocks.*.', 'backbone.stages.*.blocks.*.'
    return (
        Rule(source + 'patch_embed.proj', 'backbone.patch_embed.projection'),
        Rule(source + 'patch_embed.norm', 'backbone.patch_embed.norm'),
        Rule(source + 'absolute_pos_embed', 'backbone.absolute_pos_embed'),
        Rule(block + 'norm1', ours + 'norm1'),
        Rule(block + 'attn', ours + 'attn.w_msa'),
        Rule(block + 'norm2', ours + 'norm2'),
        Rule(block + 'mlp.fc1', ours + 'ffn.layers.0.0'),
        Rule(block + 'mlp.fc2', ours + 'ffn.layers.1'),
        *(Rule(f'{source}layers.{i + first}.downsample', f'backbone.stages.{i}.downsample',
               change=unfold_order) for i in STAGES[:-1]),
        *(Rule(f'{source}norm{i}', f'backbone.norm{i}') for i in STAGES),
    )


def transformers_rules(source: str) -> Tuple[Rule, ...]:
    """Names of Hugging Face's ``SwinBackbone`` in its files.

    Args:
        source: Prefix of the keys, with its dot.
    """
    block, ours = source + 'encoder.layers.*.blocks.*.', 'backbone.stages.*.blocks.*.'
    table = '.relative_position_bias_table'
    return (
        Rule(source + 'embeddings.patch_embeddings.projection', 'backbone.patch_embed.projection'),
        Rule(source + 'embeddings.norm', 'backbone.patch_embed.norm'),
        Rule(source + 'embeddings.position_embeddings', 'backbone.absolute_pos_embed'),
        Rule(block + 'layernorm_before', ours + 'norm1'),
        Rule(block + 'attention.self' + table, ours + 'attn.w_msa' + table),
        *(Rule(f'{block}attention.self.{name}', ours + 'attn.w_msa.qkv', part=part)
          for part, name in enumerate(('query', 'key', 'value'))),
        Rule(block + 'attention.output.dense', ours + 'attn.w_msa.proj'),
        Rule(block + 'layernorm_after', ours + 'norm2'),
        Rule(block + 'intermediate.dense', ours + 'ffn.layers.0.0'),
        Rule(block + 'output.dense', ours + 'ffn.layers.1'),
        Rule(source + 'encoder.layers.*.downsample', 'backbone.stages.*.downsample',
             change=unfold_order),
        *(Rule(f'{source}hidden_states_norms.stage{i + 1}', f'backbone.norm{i}') for i in STAGES),
        Rule(source + 'swin.layernorm', reason='each stage has a norm of its own'),
    )


def _classifier(final_norm: str, head: str) -> Tuple[Rule, ...]:
    """What a network trained for classification has behind the last stage."""
    return (Rule(final_norm, 'backbone.norm3'), Rule(head, reason='the ImageNet classifier'))


SWIN = Family(
    'Swin Transformer',
    layouts=dict(
        mmpretrain=(*mmpretrain_rules('backbone.'), *mmpretrain_rules(''),
                    *_classifier('backbone.norm', 'head')),
        original=(*original_rules(), *_classifier('norm', 'head')),
        timm=(*original_rules(downsample_first=True), *_classifier('norm', 'head'))),
    marks=dict(mmpretrain=('backbone.stages.', 'stages.'), original=('layers.0.downsample.', ),
               timm=('layers.3.downsample.', )),
    new=r'(?!backbone\.).*|backbone\.norm[012]\..*')  # classifiers normalise the last stage only
