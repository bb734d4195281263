"""The whole of it on synthetic videos: make them, train, test, compare, draw.

    make demo

Writes work_dirs/demo/: metrics.json, pictures/, the training log and the checkpoint. Training that
was interrupted continues, finished training is used again.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.runner import Runner

from ausm_mm.apis import first_mask_copied, per_frame_linked
from ausm_mm.datasets.synthetic import SyntheticOptions, write_synthetic
from ausm_mm.engine import load_weights
from ausm_mm.errors import UserError
from ausm_mm.registry import DATASETS, METRICS
from ausm_mm.utils import format_table, write_json

ROOT = Path(__file__).resolve().parents[1]
CONFIG = 'configs/ausm/ausm_tiny_synthetic-10min.py'
# glibc gives large blocks back to the system after every use; keeping them (in huge pages) made
# training on two virtual cores up to a third faster. Other systems ignore the variable.
KEEP_MEMORY = ('glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1073741824:'
               'glibc.malloc.trim_threshold=8589934592:glibc.malloc.top_pad=268435456')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', default=CONFIG, help=f'config to train (default: {CONFIG})')
    parser.add_argument('--work-dir', default='work_dirs/demo', help='(default: work_dirs/demo)')
    return parser.parse_args()


def train(config: str, work_dir: Path) -> float:
    """Train in a process of its own; returns the minutes spent, earlier attempts included."""
    clock = work_dir / 'train_minutes.json'
    spent = json.loads(clock.read_text()) if clock.exists() else 0.
    if (work_dir / 'last_checkpoint').exists():
        print(f'Continuing in {work_dir} (delete it to train anew).')
    start = time.perf_counter()
    command = [sys.executable, 'tools/train.py', config, '--work-dir', str(work_dir), '--resume']
    status = subprocess.run(
        command, env={'GLIBC_TUNABLES': KEEP_MEMORY, **os.environ}, check=False).returncode
    if status:
        raise SystemExit(f'error: training ended with status {status}; the lines above say why, '
                         f'the log is in {work_dir}')
    if time.perf_counter() - start > 60 or not clock.exists():  # else there was nothing left to do
        spent += (time.perf_counter() - start) / 60
        write_json(spent, clock)
    return spent


def test(cfg: Config, work_dir: Path):
    """Metrics of the trained model, pictures of the first videos, and the model."""
    cfg.custom_hooks = [
        dict(type='TrackVisualizationHook', out_dir=str(work_dir / 'pictures'), max_videos=6)]
    cfg.work_dir = str(work_dir)
    runner = Runner.from_cfg(cfg)
    load_weights(runner.model, (work_dir / 'last_checkpoint').read_text().strip())
    return runner.test(), runner.model


def score(metric: BaseMetric, samples) -> dict:
    """A metric's figures for samples that did not come out of the Runner."""
    count = 0
    for sample in samples:
        metric.process(None, [sample.to_dict()])
        count += 1
    return metric.evaluate(count)


def run(config: str, work_dir: Path) -> None:
    """Everything, up to the table."""
    cfg = Config.fromfile(config)
    print('Synthetic videos: data/synthetic')
    write_synthetic('data/synthetic', SyntheticOptions())
    print(f'Training {config} on the CPU: progress and remaining time (eta) follow.')
    minutes = train(config, work_dir)

    print('Testing on 20 unseen videos, in both tasks, and two trivial baselines.')
    metrics, model = test(cfg, work_dir)
    unprompted, prompted = (DATASETS.build(d) for d in cfg.test_dataloader.dataset.datasets)
    vis, vos = (METRICS.build(m) for m in cfg.test_evaluator)
    linked = score(vis, per_frame_linked(model, unprompted))
    copied = score(vos, first_mask_copied(prompted))

    result = {
        'vis': {k[4:]: v for k, v in metrics.items() if k.startswith('vis/')},
        'vos': {k[4:]: v for k, v in metrics.items() if k.startswith('vos/')},
        'baselines': {
            'per_frame_linked': {'AP': linked['vis/AP'], 'AP50': linked['vis/AP50']},
            'first_mask_copied': {k: copied[f'vos/{k}'] for k in ('J', 'F', 'J&F')}},
        'train_minutes': minutes,
    }
    write_json(result, work_dir / 'metrics.json')
    rows = [('AUSM', result['vis'], result['vos']),
            ('its detections, linked by mask IoU', result['baselines']['per_frame_linked'], {}),
            ('first mask copied', {}, result['baselines']['first_mask_copied'])]
    print(format_table(
        ('20 unseen videos', 'AP', 'AP50', 'J', 'F', 'J&F'),
        [(name, *map(a.get, ('AP', 'AP50')), *map(o.get, ('J', 'F', 'J&F')))
         for name, a, o in rows]))
    print(f'{minutes:.1f} minutes of training\n'
          f'metrics   {work_dir}/metrics.json\n'
          f'pictures  {work_dir}/pictures/*.png, *.mp4 (unprompted and prompted side by side)')


def main():
    args = parse_args()
    os.chdir(ROOT)
    try:
        run(args.config, Path(args.work_dir))
    except UserError as error:
        raise SystemExit(f'error: {error}') from None


if __name__ == '__main__':
    main()
