"""AUSM with the paper's numbers on Mask2Former's Swin-T and pixel encoder.

D = 256, 100 detection queries and 100 IDs, 6 + 6 history layers, strides 4 to 32. Names and shapes
of the backbone and the pixel encoder are those of mmdet's Mask2Former, so its weights fit.
"""
model = dict(
    type='AUSM',
    data_preprocessor=dict(type='ClipDataPreprocessor', pad_divisor=32),
    backbone=dict(
        type='mmpretrain.SwinTransformer', arch='tiny', img_size=224, window_size=7,
        drop_path_rate=0.3, out_indices=(0, 1, 2, 3), pad_small_map=True,
        init_cfg=dict(
            type='Pretrained', prefix='backbone.',
            checkpoint='https://download.openmmlab.com/mmclassification/v0/swin-transformer/'
            'convert/swin_tiny_patch4_window7_224-160bb0a5.pth')),
    pixel_encoder=dict(
        type='MSDeformAttnPixelDecoder', in_channels=[96, 192, 384, 768], strides=[4, 8, 16, 32],
        feat_channels=256, out_channels=256, num_outs=3,
        norm_cfg=dict(type='GN', num_groups=32), act_cfg=dict(type='ReLU'),
        encoder=dict(
            num_layers=6,
            layer_cfg=dict(
                self_attn_cfg=dict(
                    embed_dims=256, num_heads=8, num_levels=3, num_points=4, dropout=0.,
                    batch_first=True),
                ffn_cfg=dict(
                    embed_dims=256, feedforward_channels=1024, num_fcs=2, ffn_drop=0.,
                    act_cfg=dict(type='ReLU', inplace=True)))),
        positional_encoding=dict(num_feats=128, normalize=True)),
    marker=dict(type='HistoryMarker', embed_dims=256, num_ids=100),
    compressor=dict(
        type='HistoryCompressor', embed_dims=256, num_layers=6, mixer=dict(type='Mamba')),
    history_decoder=dict(
        type='HistoryDecoder', embed_dims=256, num_layers=6, zero_init=True),
    head=dict(
        type='QueryDecoderHead', embed_dims=256, num_queries=100, num_layers=9, num_levels=3,
        loss=dict(type='QueryLoss')),
    tracker=dict(type='IDTracker', foreground_threshold=0.5),
    teacher_forcing=dict(type='TeacherForcing', prompted_prob=0.5))
