"""Builders shared by the tests of ``ausm_mm.models``: tiny, and the same at every run."""
import copy

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from ausm_mm.models.task_modules import ForcedClips
from ausm_mm.registry import MODELS
from ausm_mm.structures import ClipDataSample, FrameFeatures

DIMS = 16
NUM_CLASSES = dict(shapes=3, plain=1)


@pytest.fixture(autouse=True)
def default_scope():
    init_default_scope('ausm_mm')


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def position():
    """Function (embed_dims) -> config of a position code with that many channels."""
    return lambda dims=DIMS: dict(
        type='SinePositionalEncoding', num_feats=dims // 2, normalize=True)


@pytest.fixture
def random_parameters():
    """Function (module) -> the module with every parameter redrawn, so that nothing is zero."""

    def redraw(module, scale=0.3):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(torch.randn_like(parameter) * scale)
        return module

    return redraw


@pytest.fixture
def make_features():
    """Function (image_sizes, canvas, dims) -> random features at strides 16 and 8, masks at 4."""

    def build(image_sizes, canvas, dims=DIMS):
        N, (H, W) = len(image_sizes), canvas
        levels = tuple(torch.randn(N, dims, H // s, W // s) for s in (16, 8))
        return FrameFeatures(
            levels=levels, mask_feature=torch.randn(N, dims, H // 4, W // 4),
            appearance=levels[-1], image_sizes=torch.tensor(image_sizes), canvas=canvas)

    return build


@pytest.fixture
def make_sample():
    """Function (masks (n, T, H, W), ...) -> training sample of one clip."""

    def build(masks, labels=None, dataset_name='shapes', task='unprompted', exhaustive=True,
              img_shape=None):
        n, T, H, W = masks.shape
        labels = torch.arange(n) % NUM_CLASSES[dataset_name] if labels is None else labels
        sample = ClipDataSample(metainfo=dict(
            dataset_name=dataset_name, task=task, exhaustive=exhaustive, video_name='clip',
            frame_ids=list(range(T)), img_shape=img_shape or (H, W), ori_shape=(H, W)))
        sample.gt_instances = InstanceData(
            masks=masks.bool(), labels=torch.as_tensor(labels, dtype=torch.long).reshape(n),
            object_ids=torch.arange(n) + 1)
        return sample

    return build


@pytest.fixture
def make_forced():
    """Function (in_use (B, T, n), detect, visible, labels, ...) -> teacher-forced targets whose
    visible objects have random masks, each with a pixel."""

    def build(in_use, detect, visible, labels, size=(8, 12), exhaustive=None,
              dataset_names=None):
        in_use, detect, visible = (torch.tensor(x).bool() for x in (in_use, detect, visible))
        B, T, n = in_use.shape
        masks = torch.rand(B, T, n, *size) > 0.6
        masks[..., 0, 0] = True
        masks &= visible[..., None, None]
        return ForcedClips(
            bank_ids=torch.stack([torch.randperm(max(n, 8))[:n] for _ in range(B)]),
            in_use=in_use, detect=detect, visible=visible,
            history_masks=torch.zeros_like(masks), masks=masks,
            labels=torch.tensor(labels, dtype=torch.long).reshape(B, n),
            exhaustive=torch.tensor([True] * B if exhaustive is None else exhaustive),
            dataset_names=dataset_names or ['shapes'] * B)

    return build


def _model_config(mixer: str) -> dict:
    position = dict(type='SinePositionalEncoding', num_feats=DIMS // 2, normalize=True)
    return dict(
        type='AUSM',
        data_preprocessor=dict(type='ClipDataPreprocessor', pad_divisor=16),
        backbone=dict(type='TinyConvNet', channels=(8, 16, 16, 24)),
        pixel_encoder=dict(
            type='FPNPixelEncoder', in_channels=(8, 16, 16, 24), feat_channels=DIMS,
            out_channels=DIMS, num_outs=2),
        marker=dict(type='HistoryMarker', embed_dims=DIMS, num_ids=6),
        compressor=dict(
            type='HistoryCompressor', embed_dims=DIMS, num_layers=2, num_heads=2,
            feedforward_channels=32, positional_encoding=position,
            mixer=dict(type=mixer, state_dims=4, conv_kernel=3, expand=1.5)),
        history_decoder=dict(
            type='HistoryDecoder', embed_dims=DIMS, num_layers=2, num_heads=2,
            feedforward_channels=32, positional_encoding=position),
        head=dict(
            type='QueryDecoderHead', num_classes=NUM_CLASSES, embed_dims=DIMS, num_queries=5,
            num_layers=3, num_heads=2, feedforward_channels=32, num_levels=2,
            positional_encoding=position, loss=dict(type='QueryLoss', num_points=0)))


@pytest.fixture
def make_model():
    """Function (mixer) -> the whole model with D = 16, six IDs and five detection queries."""

    def build(mixer='Mamba', **changes):
        return MODELS.build(dict(copy.deepcopy(_model_config(mixer)), **changes))

    return build
