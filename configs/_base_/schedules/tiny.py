"""AdamW from scratch: warm-up, flat, then linear to 2 % over the last 40 % of the iterations."""
max_iters = 1700
no_decay = dict(decay_mult=0.)

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05, betas=(0.9, 0.98)),
    clip_grad=dict(max_norm=1.0),
    paramwise_cfg=dict(
        norm_decay_mult=0., bias_decay_mult=0.,
        custom_keys=dict(
            bank=no_decay, embed=no_decay, query_feat=no_decay, first_feature=no_decay,
            A_log=no_decay)))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.02, by_epoch=False, begin=0, end=50),
    dict(type='LinearLR', start_factor=1.0, end_factor=0.02, by_epoch=False,
         begin=max_iters * 3 // 5, end=max_iters),
]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
