"""Time the evaluators against the public ones, and check that their figures are equal.

    python tools/analysis_tools/time_evaluators.py vis
    python tools/analysis_tools/time_evaluators.py vos --gt Annotations/480p --pred results

vis: made-up tracks, against the YouTube-VIS evaluator that mmdet ships. vos: boundary F of every
object and frame, against the method of the DAVIS 2017 toolkit, which works on whole frames.
Times are of the processor, so that other work of the machine does not count.
"""
import argparse
import contextlib
import copy
import io
import math
import time
from pathlib import Path

import cv2
import numpy as np

from ausm_mm.datasets.masks import read_label_map
from ausm_mm.evaluation.functional import boundary_accuracy, vis_ap
from ausm_mm.evaluation.functional.davis import BOUND_TH, mask_boundary, object_ids
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.evaluation.results.vos_files import list_masks, list_sequences

N_CLASSES = 40
N_OBJECTS = 4  # of a video
VIS_KEYS = ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest='task', required=True)
    vis = tasks.add_parser('vis')
    vis.add_argument('--videos', type=int, default=300)
    vis.add_argument('--frames', type=int, default=30)
    vis.add_argument('--size', type=int, nargs=2, default=(720, 1280), metavar=('H', 'W'))
    vis.add_argument('--predictions', type=int, default=20, help='of a video')
    vos = tasks.add_parser('vos')
    vos.add_argument('--gt', required=True, help='folder with a folder of mask PNGs a sequence')
    vos.add_argument('--pred', required=True, help='the same of the predictions')
    return parser.parse_args()


def make_tracks(args: argparse.Namespace):
    """A ground truth of moving ellipses, and results of which the first of a video are right."""
    rng = np.random.default_rng(0)
    height, width = args.size
    pool = []  # tracks share these masks: encoding one each would take longer than scoring
    for _ in range(300):
        mask = np.zeros(args.size, np.uint8)
        center = int(rng.integers(width)), int(rng.integers(height))
        axes = tuple(int(a) for a in rng.integers(height // 20, height // 4, 2))
        cv2.ellipse(mask, center, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
        pool.append(encode(mask))
    truth = dict(
        videos=[dict(id=v, height=height, width=width) for v in range(1, args.videos + 1)],
        categories=[dict(id=c, name=str(c)) for c in range(1, N_CLASSES + 1)],
        annotations=[])
    results = []
    for video in truth['videos']:
        for index in range(args.predictions):
            track = dict(video_id=video['id'], category_id=int(rng.integers(1, N_CLASSES + 1)),
                         segmentations=[pool[i] for i in rng.integers(len(pool), size=args.frames)])
            results.append(dict(track, score=float(rng.random())))
            if index < N_OBJECTS:
                areas = [mask['size'][0] * 100. for mask in track['segmentations']]
                truth['annotations'].append(dict(
                    track, id=len(truth['annotations']) + 1, iscrowd=0, areas=areas))
    return truth, results


def time_vis(args: argparse.Namespace) -> None:
    from mmdet.evaluation.functional import YTVIS, YTVISeval
    truth, results = make_tracks(args)
    copies = copy.deepcopy((truth, results))  # the official evaluator writes into what it gets
    start = time.process_time()
    scores = vis_ap(truth, results)
    middle = time.process_time()
    np.float = float  # all that the official evaluator lacks on today's numpy
    with contextlib.redirect_stdout(io.StringIO()):
        official_truth = YTVIS(copies[0])
        official = YTVISeval(official_truth, official_truth.loadRes(copies[1]), 'segm')
        official.evaluate()
        official.accumulate()
        official.summarize()
    end = time.process_time()
    np.testing.assert_allclose([scores[key] for key in VIS_KEYS], official.stats[:9], atol=1e-12)
    print(f'{args.videos} videos, {args.frames} frames of {args.size}, {args.predictions} '
          f'predictions each: vis_ap {middle - start:.1f} s, official {end - middle:.1f} s; '
          'equal figures')


def f_of_whole_frames(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Boundary F as the DAVIS toolkit computes it: dilations of the whole frame."""
    radius = math.ceil(BOUND_TH * math.hypot(*truth.shape))
    y, x = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    disk = (y**2 + x**2 <= radius**2).astype(np.uint8)
    boundaries = [mask_boundary(mask) for mask in (prediction, truth)]
    counts = [np.sum(boundary) for boundary in boundaries]
    if not all(counts):
        return float(counts[0] == counts[1])
    near = [cv2.dilate(boundary.astype(np.uint8), disk) for boundary in boundaries]
    precision = np.sum(boundaries[0] * near[1]) / counts[0]
    recall = np.sum(boundaries[1] * near[0]) / counts[1]
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def time_vos(args: argparse.Namespace) -> None:
    methods = boundary_accuracy, f_of_whole_frames
    spent, n_masks = dict.fromkeys(methods, 0.0), 0
    for name in list_sequences(args.gt):
        for path in list_masks(Path(args.gt) / name):
            truth = read_label_map(str(path))
            prediction = read_label_map(str(Path(args.pred) / name / path.name))
            for object_id in object_ids(truth):
                masks = prediction == object_id, truth == object_id
                figures = {}
                # In turns the first, which finds nothing in the processor's caches
                for method in methods if n_masks % 2 else reversed(methods):
                    start = time.process_time()
                    figures[method] = method(*masks)
                    spent[method] += time.process_time() - start
                assert abs(np.diff(list(figures.values()))) < 1e-12, (path, object_id, figures)
                n_masks += 1
    ours, public = (1000 * spent[method] / n_masks for method in methods)
    print(f'{n_masks} masks: boundary_accuracy {ours:.2f} ms each, whole frames {public:.2f} ms; '
          'equal figures')


if __name__ == '__main__':
    arguments = parse_args()
    dict(vis=time_vis, vos=time_vos)[arguments.task](arguments)
