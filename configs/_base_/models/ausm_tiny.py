"""AUSM that trains from scratch on two CPU cores: key strides 16 and 8, masks at stride 2."""
dims = 64
position = dict(
    type='SinePositionalEncoding', num_feats=dims // 2, normalize=True, temperature=16,
    scale=8 * 3.14159)  # 4 periods over the frame down to a quarter of one

model = dict(
    type='AUSM',
    data_preprocessor=dict(type='ClipDataPreprocessor', pad_divisor=16),
    backbone=dict(type='TinyConvNet', channels=(32, 48, 64, 96), num_blocks=(1, 1, 1, 1)),
    pixel_encoder=dict(
        type='FPNPixelEncoder', in_channels=(32, 48, 64, 96), feat_channels=dims,
        out_channels=dims, num_outs=2),
    marker=dict(type='HistoryMarker', embed_dims=dims, num_ids=16, norm='max1'),
    compressor=dict(
        type='HistoryCompressor', embed_dims=dims, num_layers=2, num_heads=4,
        feedforward_channels=4 * dims, positional_encoding=position,
        mixer=dict(type='Mamba', state_dims=8, conv_kernel=3, expand=1.5)),
    history_decoder=dict(
        type='HistoryDecoder', embed_dims=dims, num_layers=2, num_heads=4,
        feedforward_channels=4 * dims, positional_encoding=position),
    head=dict(
        type='QueryDecoderHead', embed_dims=dims, num_queries=12, num_layers=3, num_heads=4,
        feedforward_channels=4 * dims, num_levels=2, pooled_classes=True,
        positional_encoding=position,
        loss=dict(
            type='QueryLoss', track_background=1.0, detect_background=1.0, empty_weight=1.0,
            num_points=0)))
