"""Test a model: metrics of the config's test set, and pictures on request."""
import argparse
import os
import os.path as osp

import mmengine
from mmengine.config import Config, DictAction
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ausm_mm.datasets import DataError
from ausm_mm.engine import CheckpointError, load_weights


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='where the log goes')
    parser.add_argument('--out', metavar='FILE.json', help='also write the metrics there')
    parser.add_argument(
        '--show-dir', metavar='DIR', help='draw the first videos as mp4 and contact sheet there')
    parser.add_argument('--show-videos', type=int, default=8, help='how many (default: 8)')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE',
        help='override settings of the config')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0,
                        help='set by the launcher')
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def run_test(cfg: Config, checkpoint: str) -> dict:
    """Metrics of a checkpoint on the config's test set."""
    runner = Runner.from_cfg(cfg)
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    load_weights(model, checkpoint)
    return runner.test()


def main():
    args = parse_args()
    cfg = Config.fromfile(args.config)
    cfg.launcher = args.launcher
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or osp.join(
        'work_dirs', osp.splitext(osp.basename(args.config))[0])
    if args.show_dir:
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(
            type='TrackVisualizationHook', out_dir=args.show_dir, max_videos=args.show_videos)]
    try:
        metrics = run_test(cfg, args.checkpoint)
    except (CheckpointError, DataError) as error:
        raise SystemExit(f'error: {error}') from None
    if args.out:
        mmengine.mkdir_or_exist(osp.dirname(osp.abspath(args.out)))
        mmengine.dump(metrics, args.out, indent=1)


if __name__ == '__main__':
    main()
