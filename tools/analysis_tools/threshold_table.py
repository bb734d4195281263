"""AP for several foreground thresholds, from one pass of the model.

    python tools/analysis_tools/threshold_table.py CONFIG CHECKPOINT

The model runs once, with the lowest threshold. For each threshold its predictions are then
filtered: in every frame the objects stay whose foreground probability reaches the threshold, so
that an object is born in the first frame in which it does. Its class and score are means over the
frames in which it stays, and of a frame's objects the best are kept, as many as the config says.

Every row thus has the history of the lowest threshold. It equals the same filter of a run of its
own where the two histories are one: for images always, for videos as long as the lowest threshold
lets no object in that the other keeps out. tools/test.py filters at 0.5, whatever the threshold of
new objects: in that case its figures equal the row of 0.5, and for images all rows from 0.5 on.
"""
import argparse
from typing import Dict, List, Sequence

from mmengine.device import get_device
from mmengine.registry import init_default_scope
from torch.utils.data import Dataset

from ausm_mm.engine import add_run_arguments, load_config, load_weights
from ausm_mm.errors import UserError
from ausm_mm.evaluation.metrics import VISMetric
from ausm_mm.evaluation.unprompted import find_metric, unprompted_videos
from ausm_mm.models import AUSM
from ausm_mm.models.trackers import FrameMasks, TrackRecorder
from ausm_mm.registry import DATASETS, MODELS
from ausm_mm.structures import ClipDataSample, Track
from ausm_mm.utils import format_table, write_json

COLUMNS = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--thresholds', type=float, nargs='+', default=[0.3, 0.4, 0.5, 0.6, 0.7],
                        help='default: 0.3 0.4 0.5 0.6 0.7')
    parser.add_argument('--out', metavar='FILE.json', help='also write all figures there')
    add_run_arguments(parser)
    args = parser.parse_args()
    if not all(0 <= threshold < 1 for threshold in args.thresholds):
        parser.error(f'--thresholds {args.thresholds}: give probabilities')
    return args


def find_tracks(model: AUSM, frames: Sequence, sample: ClipDataSample,
                thresholds: Sequence[float]) -> List[List[Track]]:
    """The tracks of one video for each threshold.

    Args:
        model: Whose tracker has the lowest of the thresholds.
        frames: As in :meth:`AUSM.stream`.
        sample: Of an unprompted video.
        thresholds: Foreground probabilities.
    """
    recorders = [TrackRecorder(sample.ori_shape, exclusive=False, max_per_frame=model.max_per_frame,
                               absent_above=1 - threshold) for threshold in thresholds]
    for t, prediction in model.stream(frames, sample):
        masks = FrameMasks(prediction, sample.ori_shape, exclusive=False)
        for recorder in recorders:
            recorder.add(t, prediction, masks)
    return [recorder.tracks() for recorder in recorders]


def score_thresholds(model: AUSM, dataset: Dataset, metric: VISMetric,
                     thresholds: Sequence[float]) -> Dict[float, Dict]:
    """Threshold -> figures of the unprompted videos, those of every class included."""
    results: List[List[Dict]] = [[] for _ in thresholds]
    for item in unprompted_videos(dataset):
        data = model.data_preprocessor({key: [value] for key, value in item.items()})
        frames, sample = data['inputs'][0], data['data_samples'][0]
        for found, tracks in zip(results, find_tracks(model, frames, sample, thresholds)):
            sample.pred_tracks = tracks
            metric.process(None, [sample.to_dict()])
            found.append(metric.results.pop())
    return {threshold: metric.score(found) for threshold, found in zip(thresholds, results)}


def measure(args: argparse.Namespace) -> Dict[float, Dict]:
    """Threshold -> figures."""
    cfg = load_config(args)
    init_default_scope(cfg.default_scope)
    metric = find_metric(cfg.get('test_evaluator'), args.config)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    tracker = dict(cfg.model.get('tracker', dict(type='IDTracker')),
                   foreground_threshold=min(args.thresholds))
    model = MODELS.build(dict(cfg.model, tracker=tracker))
    load_weights(model, args.checkpoint)
    return score_thresholds(model.to(get_device()).eval(), dataset, metric, args.thresholds)


def main():
    args = parse_args()
    try:
        figures = measure(args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    rows = [(str(threshold), *(scores[key] if scores[key] >= 0 else None for key in COLUMNS))
            for threshold, scores in figures.items()]
    print(format_table(('threshold', *COLUMNS), rows))
    if args.out:
        write_json(figures, args.out)


if __name__ == '__main__':
    main()
