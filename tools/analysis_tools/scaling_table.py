"""What it brings to show the frames more than once.

    python tools/analysis_tools/scaling_table.py CONFIG CHECKPOINT --seeds 5

Runs the unprompted videos of the config's test set in one, two and three passes, and each of their
frames as an image by itself: shown one, two and three times, and by way of its corners. Prints the
AP of the videos (the config's VISMetric) and of the images (COCO AP) over several random orders of
the IDs. A test set of images (COCOVideoMetric) has no passes.
"""
import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Callable, Dict, Iterator, List

from mmengine.device import get_device
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from pycocotools import mask as mask_utils
from torch.utils.data import Dataset

from ausm_mm.engine import add_run_arguments, load_config, load_weights
from ausm_mm.errors import UserError
from ausm_mm.evaluation.metrics import COCOVideoMetric
from ausm_mm.evaluation.unprompted import find_metric, unprompted_videos
from ausm_mm.models import AUSM
from ausm_mm.registry import DATASETS, METRICS, MODELS, TASK_UTILS
from ausm_mm.structures import ClipDataSample
from ausm_mm.utils import format_table, write_json

VIDEOS = {f'videos, passes: {k}': dict(type='VideoPasses', passes=k) for k in (1, 2, 3)}
IMAGES = {f'images, views: {k}': dict(type='ImageRepetition', times=k) for k in (1, 2, 3)}
IMAGES['images, corners: 6'] = dict(type='CornerTraversal', ratio=0.9)


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--seeds', type=int, default=5, help='how many ID orders (default: 5)')
    add_run_arguments(parser)
    args = parser.parse_args()
    if args.seeds < 1:
        parser.error(f'--seeds {args.seeds}: must be at least 1')
    return args


def single_frames(dataset: Dataset) -> Iterator[Dict]:
    """Every frame of the videos as a video of one frame; their ids count from 1."""
    image_id = 0
    for item in unprompted_videos(dataset):
        meta = item['data_samples'].metainfo
        for t in range(len(item['inputs'])):
            image_id += 1
            sample = ClipDataSample(metainfo=dict(
                meta, video_id=image_id, video_name=f"{meta['video_name']}, frame {t}"))
            yield dict(inputs=[item['inputs'][t]], data_samples=sample)


def image_annotation(dataset: Dataset) -> Dict:
    """COCO annotation of :func:`single_frames`."""
    images, annotations, classes = [], [], ()
    for item in unprompted_videos(dataset):
        sample = item['data_samples']
        classes = sample.classes
        for t in range(len(item['inputs'])):
            images.append(dict(
                id=len(images) + 1, height=sample.ori_shape[0], width=sample.ori_shape[1]))
            for track in sample.gt_tracks:
                rle = track.segmentations[t]
                if rle is not None:
                    annotations.append(dict(
                        id=len(annotations) + 1, image_id=len(images), iscrowd=0,
                        category_id=track.label + 1, area=float(mask_utils.area(rle)),
                        bbox=mask_utils.toBbox(rle).tolist(),
                        segmentation=dict(size=rle['size'], counts=rle['counts'].decode())))
    categories = [dict(id=label, name=name) for label, name in enumerate(classes, start=1)]
    return dict(images=images, annotations=annotations, categories=categories)


def average_precision(model: AUSM, items: Iterator[Dict], metric: BaseMetric) -> float:
    """AP of the model as it is set up."""
    count = 0
    for item in items:
        samples = model.test_step({key: [value] for key, value in item.items()})
        metric.process(None, [sample.to_dict() for sample in samples])
        count += 1
    return metric.evaluate(count)[f'{metric.prefix}/AP']


def scaling(model: AUSM, items: Callable[[], Iterator[Dict]], metric: BaseMetric,
            strategies: Dict[str, Dict], seeds: int) -> List[tuple]:
    """A row for each strategy: name, mean, standard deviation, least and greatest AP."""
    rows = []
    for name, strategy in strategies.items():
        model.test_strategy = TASK_UTILS.build(strategy)
        figures = []
        for seed in range(seeds):
            model.test_seed = seed
            figures.append(average_precision(model, items(), metric))
        spread = statistics.stdev(figures) if seeds > 1 else None
        rows.append((name, statistics.fmean(figures), spread, min(figures), max(figures)))
    return rows


def measure(args: argparse.Namespace) -> List[tuple]:
    """The rows of the table."""
    cfg = load_config(args)
    init_default_scope(cfg.default_scope)
    metric = find_metric(cfg.get('test_evaluator'), args.config)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    model = MODELS.build(cfg.model)
    load_weights(model, args.checkpoint)
    model.to(get_device()).eval()
    # Created last, it is the one the metrics write to: without their tables of each run.
    MMLogger.get_instance('scaling_table', log_level='WARNING')
    if isinstance(metric, COCOVideoMetric):
        return scaling(model, lambda: unprompted_videos(dataset), metric, IMAGES, args.seeds)
    rows = scaling(model, lambda: unprompted_videos(dataset), metric, VIDEOS, args.seeds)
    with tempfile.TemporaryDirectory() as folder:
        annotation = Path(folder) / 'frames.json'
        write_json(image_annotation(dataset), annotation)
        of_images = METRICS.build(dict(type='COCOVideoMetric', ann_file=str(annotation)))
    return rows + scaling(model, lambda: single_frames(dataset), of_images, IMAGES, args.seeds)


def main():
    args = parse_args()
    try:
        rows = measure(args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    print(format_table((f'AP over {args.seeds} ID orders', 'mean', 'std', 'min', 'max'), rows))


if __name__ == '__main__':
    main()
