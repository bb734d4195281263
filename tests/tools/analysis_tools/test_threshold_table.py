import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils

from ausm_mm.models.trackers import FramePrediction, TrackRecorder
from ausm_mm.registry import MODELS
from ausm_mm.structures import ClipDataSample

ROOT = Path(__file__).parents[3]
TOOL = runpy.run_path(str(ROOT / 'tools/analysis_tools/threshold_table.py'))
SIZE = (32, 64)


@pytest.fixture(autouse=True)
def default_scope():
    init_default_scope('ausm_mm')


def make_sample():
    return ClipDataSample(metainfo=dict(
        task='unprompted', dataset_name='shapes', ori_shape=SIZE, img_shape=SIZE))


def test_what_is_filtered():
    """One object is sure, one fades, one is born late; of the rest two stay in a frame."""
    foreground = {1: [.9, .9, .9], 2: [.8, .55, .35], 3: [None, .45, .75], 4: [.31, None, None]}

    def stream(frames, sample):
        for t in range(3):
            shown = {i: probs[t] for i, probs in foreground.items() if probs[t] is not None}
            probs = torch.tensor([[p * .7, p * .3, 1 - p] if i != 3 else [p * .2, p * .8, 1 - p]
                                  for i, p in shown.items()])
            masks = torch.stack([torch.full(SIZE, -1.).index_fill(0, torch.tensor([i]), 1.)
                                 for i in shown])
            yield t, FramePrediction(torch.tensor(list(shown)), probs, masks, SIZE, SIZE)

    model = SimpleNamespace(stream=stream, max_per_frame=2)
    tables = TOOL['find_tracks'](model, [None] * 3, make_sample(), [.3, .5, .7])
    found = [{track.object_id: [t for t, rle in enumerate(track.segmentations) if rle]
              for track in tracks} for tracks in tables]
    # At 0.3 object 2 of frame 2 scores .245, object 3 .6: the two best are 1 and 3.
    assert found == [{1: [0, 1, 2], 2: [0, 1], 3: [2]}, {1: [0, 1, 2], 2: [0, 1], 3: [2]},
                     {1: [0, 1, 2], 2: [0], 3: [2]}]
    low, _, high = ({track.object_id: track for track in tracks} for tracks in tables)
    assert low[2].score == pytest.approx(.7 * (.8 + .55) / 2)  # means over its frames
    assert high[2].score == pytest.approx(.7 * .8) and low[2].label == 0
    assert high[3].label == 1 and high[3].score == pytest.approx(.8 * .75)
    mask = mask_utils.decode(high[3].segmentations[2])
    assert mask[3].all() and mask.sum() == SIZE[1]


@pytest.fixture(scope='module')
def weights():
    torch.manual_seed(0)
    return build(.5).state_dict()


def build(threshold, weights=None):
    config = Config.fromfile(ROOT / 'configs/_base_/models/ausm_tiny.py').model
    model = MODELS.build(dict(config, max_per_frame=4, head=dict(
        config.head, num_classes=dict(shapes=1)), tracker=dict(
            type='IDTracker', foreground_threshold=threshold))).eval()
    if weights:
        model.load_state_dict(weights)
    return model


def own_run(model, frames, threshold):
    recorder = TrackRecorder(SIZE, False, model.max_per_frame, absent_above=1 - threshold)
    for t, prediction in model.stream(frames, make_sample()):
        recorder.add(t, prediction)
    return recorder.tracks()


def without_ids(tracks):
    """Ids count the births of the lowest threshold."""
    return [(track.label, track.score, track.segmentations) for track in tracks]


def foreground_levels(weights, frames):
    """Thresholds between the foreground probabilities of the first frame's detections."""
    _, prediction = next(iter(build(0., weights).stream(frames, make_sample())))
    levels = (1 - prediction.class_probs[:, -1]).sort().values
    assert len(levels) > 5 and (levels.diff() > 1e-6).all()
    return ((levels[1:] + levels[:-1]) / 2).tolist()


def test_images_equal_runs_of_their_own(weights):
    frames = torch.randn(1, 1, 3, *SIZE)
    thresholds = foreground_levels(weights, frames)[::3]
    tables = TOOL['find_tracks'](
        build(min(thresholds), weights), frames, make_sample(), thresholds)
    assert len({len(tracks) for tracks in tables}) > 1
    assert max(thresholds) >= .5
    for threshold, tracks in zip(thresholds, tables):
        model = build(threshold, weights)
        assert without_ids(tracks) == without_ids(own_run(model, frames, threshold))
        if threshold >= .5:
            sample, = model.predict([frames], [make_sample()])
            assert without_ids(tracks) == without_ids(sample.pred_tracks)


def test_videos_equal_runs_with_the_same_births(weights):
    """The lowest threshold is such a run itself; one just above it lets the same objects in."""
    frames = torch.randn(4, 1, 3, *SIZE)
    lowest = foreground_levels(weights, frames)[-4]
    thresholds = [lowest, lowest + 1e-7, min(lowest + .05, .999)]
    tables = TOOL['find_tracks'](build(lowest, weights), frames, make_sample(), thresholds)
    for threshold, tracks in zip(thresholds[:2], tables):
        assert len(tracks) > 1
        assert without_ids(tracks) == without_ids(
            own_run(build(threshold, weights), frames, threshold))
    # A higher one: the same filter of the lowest threshold's history
    recorder = TrackRecorder(SIZE, False, 4, absent_above=1 - thresholds[2])
    for t, prediction in build(lowest, weights).stream(frames, make_sample()):
        recorder.add(t, prediction)
    assert without_ids(tables[2]) == without_ids(recorder.tracks())


def test_command_line(trained, tiny_folder, run_tool, tool_error, config, capsys):
    small = [f'test_dataloader.dataset.datasets.{task}.{setting}' for task in (0, 1)
             for setting in ('indices=2', 'pipeline.0.short_side=64')]
    run_tool('analysis_tools/threshold_table.py', config, trained / 'iter_2.pth', '--out',
             'table.json', '--cfg-options', *small)
    figures = json.loads((tiny_folder / 'table.json').read_text())
    content = json.loads((tiny_folder / 'data/synthetic/ytvis/test.json').read_text())
    assert list(figures) == ['0.3', '0.4', '0.5', '0.6', '0.7']
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    for threshold, scores in figures.items():
        row, = (line for line in lines if line[1:2] == [threshold])
        assert row[3] == f'{scores["AP"]:.4f}' and 0 <= scores['AP'] <= scores['AP50'] <= 1
        assert set(scores['per_class']) == {category['name'] for category in content['categories']}

    (tiny_folder / 'hidden.json').write_text(json.dumps(dict(content, annotations=None)))
    line = tool_error('analysis_tools/threshold_table.py', config, trained / 'iter_2.pth',
                      '--cfg-options', 'test_evaluator.0.ann_file=hidden.json')
    assert 'hidden.json: has no annotations to score against; take a test set that has' in line
    line = tool_error('analysis_tools/threshold_table.py', config, trained / 'iter_2.pth',
                      '--cfg-options', 'test_evaluator=None')
    assert 'its test_evaluator has no VISMetric or COCOVideoMetric' in line
