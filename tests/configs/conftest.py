"""Every config, with its model, and a clip of two objects for it."""
import copy
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpretrain.models import SwinTransformer
from pycocotools import mask as mask_utils

from ausm_mm.registry import MODELS
from ausm_mm.structures import ClipDataSample, Track

ROOT = Path(__file__).parents[2]
CONFIGS = [str(path.relative_to(ROOT)) for folder in ('configs/ausm', 'projects/*/configs')
           for path in sorted(ROOT.glob(f'{folder}/*.py'))]
T, SIZE = 3, (60, 90)  # no multiple of any stride: padding is part of the test
OBJECT_IDS = (7, 9)
# test_stages.py shows that these differ from configs that are run in width and data set alone, or,
# Swin-S, in the number of layers.
NOT_RUN = re.compile(r'swin-(s_stage\d|[bl]_stage[12])')


@pytest.fixture(autouse=True, scope='module')
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=CONFIGS, scope='module')
def config(request):
    init_default_scope('ausm_mm')
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))  # as PYTHONPATH=. does for the plugins' custom_imports
        return Config.fromfile(ROOT / request.param)


def shallow(model: dict) -> dict:
    """Config of a full model with few layers of the real width, which run in seconds."""
    model = copy.deepcopy(model)
    arch = SwinTransformer.arch_zoo[model.backbone.arch]
    model.backbone.arch = dict(arch, depths=[2, 1, 1, 1])
    model.pixel_encoder.encoder.num_layers = 1
    model.compressor.num_layers = model.history_decoder.num_layers = 1
    model.head.num_layers = model.head.num_levels
    return model


@pytest.fixture(scope='module')
def model(config):
    """With random weights."""
    if NOT_RUN.search(config.filename):
        pytest.skip('run at another size')
    torch.manual_seed(0)
    full = 'Swin' in config.model.backbone.type
    return MODELS.build(shallow(config.model) if full else config.model)


def object_masks() -> torch.Tensor:
    """A box, and another one from the second frame on; bool (2, T, h, w)."""
    masks = torch.zeros(2, T, *SIZE, dtype=torch.bool)
    masks[0, :, 20:40, 25:45] = True
    masks[1, 1:, 20:40, 50:70] = True
    return masks


def clip_frames() -> torch.Tensor:
    """Noise with the objects brighter, uint8 (T, 3, h, w)."""
    frames = torch.randint(0, 128, (T, 3, *SIZE), dtype=torch.uint8)
    return frames + 64 * object_masks().sum(0, dtype=torch.uint8)[:, None]


def data_sample(dataset_name: str, task: str) -> ClipDataSample:
    return ClipDataSample(metainfo=dict(
        dataset_name=dataset_name, task=task, exhaustive=True, video_name='clip',
        ori_shape=SIZE, img_shape=SIZE))


@pytest.fixture
def training_batch():
    """Function: num_classes of the head -> a clip per data set. Whatever is drawn at random, one
    object is a tracking target and the other a detection target."""
    def make(num_classes: dict) -> dict:
        batch = dict(inputs=[], data_samples=[])
        for name, k in num_classes.items():
            sample = data_sample(name, 'prompted')
            sample.gt_instances = InstanceData(
                masks=object_masks(), labels=torch.tensor([0, k - 1]),
                object_ids=torch.tensor(OBJECT_IDS))
            batch['inputs'].append(clip_frames())
            batch['data_samples'].append(sample)
        return batch
    return make


@pytest.fixture
def video_batch():
    """Function: data set and task -> one video, an object given in each of its first frames."""
    def make(dataset_name: str, task: str) -> dict:
        sample = data_sample(dataset_name, task)
        sample.prompts = {}
        for t, (object_id, masks) in enumerate(zip(OBJECT_IDS, object_masks().numpy())):
            rle = mask_utils.encode(np.asfortranarray(masks[t], np.uint8))
            sample.prompts[t] = [Track(object_id, 0, 1.0, [None] * t + [rle])]
        return dict(inputs=[list(clip_frames())], data_samples=[sample])
    return make
