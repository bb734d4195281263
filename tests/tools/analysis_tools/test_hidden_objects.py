import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils

from ausm_mm.errors import UserError
from ausm_mm.models.trackers import FramePrediction
from ausm_mm.structures import ClipDataSample, Track

ROOT = Path(__file__).parents[3]
TOOL = runpy.run_path(str(ROOT / 'tools/analysis_tools/hidden_objects.py'))
SIZE = (4, 4)


class OneVideo(list):
    """A data set of one prompted video of six frames, whose object is there in some of them."""

    def __init__(self, shown):
        mask = np.asfortranarray(np.eye(*SIZE, dtype=np.uint8))
        segmentations = [mask_utils.encode(mask) if t in shown else None for t in range(6)]
        sample = ClipDataSample(metainfo=dict(task='prompted', video_name='v', ori_shape=SIZE))
        sample.gt_tracks = [Track(1, 0, 1., segmentations)]
        super().__init__([dict(inputs=[None] * 6, data_samples=sample)])

    def get_data_info(self, index):
        return dict(task='prompted')


def stream(frames, sample):
    """The diagonal in every frame but 2; p(background) rises by 0.2 a frame."""
    for t in range(len(frames)):
        logits = 2. * torch.eye(*SIZE)[None] - 1 if t != 2 else -torch.ones(1, *SIZE)
        probs = torch.tensor([[1 - .2 * t, .2 * t]])
        yield t, FramePrediction(torch.tensor([1]), probs, logits, SIZE, SIZE)


MODEL = SimpleNamespace(data_preprocessor=lambda data: data, stream=stream)


def test_measure():
    figures = TOOL['measure'](MODEL, OneVideo(shown=(0, 3)))
    # Hidden and scored: frames 1, 2, 4 with p(background) .2, .4, .8, of which 2 is empty.
    assert figures['hidden_background'] == pytest.approx(1 / 3)
    assert figures['hidden_empty'] == pytest.approx(1 / 3)
    assert figures['J_visible'] == 1 and figures['J'] == pytest.approx(2 / 4)


def test_nothing_hidden():
    with pytest.raises(UserError, match='no object of the prompted test videos is ever hidden'):
        TOOL['measure'](MODEL, OneVideo(shown=range(6)))
