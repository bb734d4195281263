"""A convolutional backbone and pixel encoder that train from scratch on two CPU cores."""
from typing import List, Sequence, Tuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from ausm_mm.registry import MODELS


def _conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    # BatchNorm: with GroupNorm a linear probe told three textures with 0.46 accuracy after 250
    # iterations from scratch, with BatchNorm 0.71.
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels))


class _Residual(BaseModule):

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _conv(channels, channels, 3)
        self.conv2 = _conv(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


@MODELS.register_module()
class TinyConvNet(BaseModule):
    """Stages of a stride-2 convolution and residual blocks, with BatchNorm.

    Args:
        channels: Output width of each stage; stage i has stride
            ``stem_stride * 2**i``.
        num_blocks: Residual blocks of each stage.
        stem_stride: Stride of the first stage, 2 or 4.
    """

    def __init__(self, channels: Sequence[int] = (32, 48, 64, 96),
                 num_blocks: Sequence[int] = (1, 1, 1, 1), stem_stride: int = 2,
                 init_cfg=None) -> None:
        super().__init__(init_cfg)
        widths = (3, *channels)
        self.stages = nn.ModuleList()
        for i, blocks in enumerate(num_blocks):
            stride = stem_stride if i == 0 else 2
            kernel = 7 if stride == 4 else 3
            self.stages.append(nn.Sequential(
                _conv(widths[i], widths[i + 1], kernel, stride), nn.ReLU(inplace=True),
                *(_Residual(widths[i + 1]) for _ in range(blocks))))
        # Channels last, here, of the frames and in the pyramid: a training iteration on two CPU
        # cores takes 0.30 instead of 0.36 s.
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tuple[Tensor, ...]:
        """x (N, 3, H, W) -> one map (N, C_i, H / stride_i, W / stride_i) per stage."""
        x = x.contiguous(memory_format=torch.channels_last)
        outs = []
        for stage in self.stages:
            x = stage(x)
            outs.append(x)
        return tuple(outs)


@MODELS.register_module()
class FPNPixelEncoder(BaseModule):
    """Feature pyramid with the interface of mmdet's ``MSDeformAttnPixelDecoder``.

    Args:
        in_channels: Widths of the backbone's levels, fine to coarse.
        feat_channels: D.
        out_channels: Width of the mask feature.
        num_outs: Key levels to return, from the coarsest on.
    """

    def __init__(self, in_channels: Sequence[int], feat_channels: int, out_channels: int,
                 num_outs: int = 3, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.num_outs = num_outs
        self.laterals = nn.ModuleList(_conv(c, feat_channels, 1) for c in in_channels)
        # The finest level costs as much as all others together: a pointwise layer there.
        self.smooths = nn.ModuleList(
            _conv(feat_channels, feat_channels, 1 if i == 0 else 3)
            for i in range(len(in_channels)))
        self.mask_feature = nn.Conv2d(feat_channels, out_channels, 1)
        self.to(memory_format=torch.channels_last)

    def forward(self, feats: Sequence[Tensor]) -> Tuple[Tensor, List[Tensor]]:
        """Backbone levels, fine to coarse -> mask feature (at the finest), key levels coarse
        to fine, all with ``feat_channels``."""
        outs, x = [], None
        for feat, lateral, smooth in list(zip(feats, self.laterals, self.smooths))[::-1]:
            y = lateral(feat)
            if x is not None:
                y = y + F.interpolate(x, y.shape[-2:], mode='nearest')
            x = F.relu(smooth(y))
            outs.append(x)
        return self.mask_feature(outs[-1]), outs[:self.num_outs]
