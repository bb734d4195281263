default_scope = 'ausm_mm'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1000, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    hand_over=dict(type='HandOverHook'),
    skip_trained_data=dict(type='SkipTrainedDataHook'),
    seed_iteration=dict(type='SeedIterationHook'),
    unreadable_data=dict(type='UnreadableDataHook', max_items=10),
    non_finite_loss=dict(type='NonFiniteLossHook'))

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))

log_processor = dict(type='LogProcessor', window_size=50, by_epoch=False)
log_level = 'INFO'
load_from = None
resume = False
# A batch need not hold every data set, and then some classification heads get no gradient.
find_unused_parameters = True
