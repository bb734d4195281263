"""What becomes of objects while they are hidden, and what it costs where they are visible.

    python tools/analysis_tools/hidden_objects.py CONFIG CHECKPOINT

Streams the prompted videos of the config's test set twice: as the tracker is configured, and with
absent_above=1, so that no object ever counts as absent. Prints the share of hidden object-frames
whose row says background (probability above 0.5) and in which nothing is predicted, and J of the
visible ones.
"""
import argparse
import math

import torch
from mmengine.registry import init_default_scope
from torch.utils.data import Dataset

from ausm_mm.engine import add_run_arguments, load_config, load_weights
from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import score_sequence, summarize_objects
from ausm_mm.models import AUSM
from ausm_mm.models.trackers import TrackRecorder
from ausm_mm.registry import DATASETS, MODELS
from ausm_mm.utils import format_table


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    add_run_arguments(parser)
    return parser.parse_args()


@torch.no_grad()
def measure(model: AUSM, dataset: Dataset) -> dict:
    """Figures of the prompted videos: ``hidden_background`` and those of VOSMetric."""
    objects, background = [], []
    for index in range(len(dataset)):
        if dataset.get_data_info(index)['task'] != 'prompted':
            continue
        item = dataset[index]
        data = model.data_preprocessor(
            dict(inputs=[item['inputs']], data_samples=[item['data_samples']]))
        frames, sample = data['inputs'][0], data['data_samples'][0]
        recorder = TrackRecorder(sample.ori_shape, exclusive=True)
        rows = {}  # frame -> object id -> p(background)
        for t, prediction in model.stream(frames, sample):
            recorder.add(t, prediction)
            rows[t] = dict(zip(
                prediction.object_ids.tolist(), prediction.class_probs[:, -1].tolist()))
        scores = score_sequence(
            recorder.tracks(), sample.gt_tracks, sample.ori_shape, sample.video_name)
        objects += scores.values()
        background += [rows[frame['frame']][object_id] > 0.5
                       for object_id, frames in scores.items()
                       for frame in frames if frame['hidden']]
    if not background:
        raise UserError('no object of the prompted test videos is ever hidden: nothing to measure')
    return dict(summarize_objects(objects), hidden_background=sum(background) / len(background))


def main():
    args = parse_args()
    try:
        cfg = load_config(args)
        init_default_scope(cfg.default_scope)
        dataset = DATASETS.build(cfg.test_dataloader.dataset)
        tracker = cfg.model.get('tracker', dict(type='IDTracker'))
        rows = []
        for name, change in (('as configured', {}), ('never absent', dict(absent_above=1.))):
            model = MODELS.build(dict(cfg.model, tracker=dict(tracker, **change)))
            load_weights(model, args.checkpoint)
            figures = measure(model.eval(), dataset)
            rows.append((name, *(figures.get(key, math.nan) for key in (
                'hidden_background', 'hidden_empty', 'J_visible', 'J', 'J&F'))))
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    print(format_table(
        ('tracker', 'hidden: background', 'hidden: empty', 'J_visible', 'J', 'J&F'), rows))


if __name__ == '__main__':
    main()
