import pytest
import torch
import torch.nn.functional as F

from ausm_mm.models import FPNPixelEncoder, TinyConvNet

CHANNELS = (8, 16, 16, 24)


@pytest.mark.parametrize('stem_stride', [2, 4])
@pytest.mark.parametrize('height, width', [(32, 48), (33, 50)])
def test_strides_round_up(stem_stride, height, width):
    outs = TinyConvNet(CHANNELS, stem_stride=stem_stride)(torch.randn(2, 3, height, width))
    for i, (out, channels) in enumerate(zip(outs, CHANNELS)):
        stride = stem_stride * 2**i
        assert out.shape == (2, channels, -(-height // stride), -(-width // stride))


def test_frames_do_not_mix():
    net, x = TinyConvNet(CHANNELS).eval(), torch.randn(3, 3, 16, 16)
    before = net(x)
    x[1] = torch.randn(3, 16, 16)
    for level, expected in zip(net(x), before):
        torch.testing.assert_close(level[[0, 2]], expected[[0, 2]])
        assert (level[1] - expected[1]).abs().max() > 1e-3


def test_blocks_are_residual():
    """With the second convolution silent, a block is a ReLU of its input."""
    net = TinyConvNet((8,), num_blocks=(2,))
    for block in net.stages[0][2:]:
        torch.nn.init.zeros_(block.conv2[1].weight)
    x = torch.randn(1, 3, 8, 8)
    torch.testing.assert_close(net(x)[0], F.relu(net.stages[0][0](x)))


@pytest.mark.parametrize('num_outs', [2, 3])
def test_pixel_encoder_by_hand(num_outs):
    encoder = FPNPixelEncoder(CHANNELS, 16, 8, num_outs=num_outs)
    feats = [torch.randn(2, c, 16 // 2**i, 24 // 2**i) for i, c in enumerate(CHANNELS)]
    mask_feature, levels = encoder(feats)
    x, expected = None, []
    for i in (3, 2, 1, 0):
        y = encoder.laterals[i](feats[i])
        if x is not None:
            y = y + x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        x = encoder.smooths[i](y).relu()
        expected.append(x)
    assert len(levels) == num_outs
    for level, other in zip(levels, expected):
        torch.testing.assert_close(level, other)
    torch.testing.assert_close(mask_feature, encoder.mask_feature(expected[3]))


def test_pixel_encoder_with_odd_sizes():
    encoder = FPNPixelEncoder(CHANNELS, 16, 8)
    feats = TinyConvNet(CHANNELS)(torch.randn(1, 3, 33, 50))
    mask_feature, levels = encoder(feats)
    assert mask_feature.shape[-2:] == (17, 25)
    assert [tuple(level.shape[-2:]) for level in levels] == [(3, 4), (5, 7), (9, 13)]
