"""Train a model from a config."""
import argparse

from mmengine.runner import Runner, find_latest_checkpoint

from ausm_mm.engine import add_run_arguments, check_resumable, load_config, use_safe_reader
from ausm_mm.errors import UserError


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume', nargs='?', const='auto', metavar='CHECKPOINT',
        help='resume from a checkpoint; without a path from the latest one in the work directory')
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision (bfloat16)')
    parser.add_argument('--tensorboard', action='store_true', help='also log to TensorBoard')
    add_run_arguments(parser)
    return parser.parse_args()


def train(args: argparse.Namespace) -> None:
    """Train with the config that the arguments name."""
    cfg = load_config(args)
    if args.amp:
        cfg.optim_wrapper.type = 'BFloat16OptimWrapper'
    if args.tensorboard:
        cfg.visualizer = dict(
            type='Visualizer',
            vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])
    if args.resume:
        cfg.resume = True
        cfg.load_from = (
            find_latest_checkpoint(cfg.work_dir) if args.resume == 'auto' else args.resume)
    use_safe_reader()
    runner = Runner.from_cfg(cfg)
    if args.resume and cfg.load_from:
        check_resumable(runner.model, cfg.load_from)
    runner.train()


def main():
    args = parse_args()
    try:
        train(args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None


if __name__ == '__main__':
    main()
