"""Mask2Former's optimiser for every stage: 16 clips an iteration, one on each of 16 GPUs.

Backbone at a tenth of the learning rate; no decay on norms, embeddings and queries.
"""
no_decay = dict(decay_mult=0.)
backbone_no_decay = dict(lr_mult=0.1, decay_mult=0.)

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
    clip_grad=dict(max_norm=0.01),
    paramwise_cfg=dict(
        norm_decay_mult=0.,
        # The longest key found in a parameter's name decides, and then norm_decay_mult does not
        # count: hence a key for every norm of the backbone (18 blocks: the most a stage has).
        custom_keys={
            'backbone': dict(lr_mult=0.1),
            'backbone.patch_embed.norm': backbone_no_decay,
            'backbone.norm': backbone_no_decay,
            'relative_position_bias_table': backbone_no_decay,
            **{f'backbone.stages.{stage}.blocks.{block}.norm': backbone_no_decay
               for stage in range(4) for block in range(18)},
            **{f'backbone.stages.{stage}.downsample.norm': backbone_no_decay
               for stage in range(3)},
            **dict.fromkeys(
                ['pixel_encoder.level_encoding', 'marker.bank', 'first_feature', 'query_feat',
                 'query_embed', 'id_embed', 'level_embed', 'A_log', 'mixer.D'], no_decay),
        }))
auto_scale_lr = dict(enable=False, base_batch_size=16)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
