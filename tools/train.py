"""Train a model from a config."""
import argparse

from mmengine.runner import Runner

from ausm_mm.engine import (
    add_run_arguments,
    load_config,
    load_weights,
    resume_from,
    use_safe_reader,
)
from ausm_mm.errors import UserError
from ausm_mm.registry import RUNNERS


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume', nargs='?', const='auto', metavar='CHECKPOINT',
        help='resume from a checkpoint; without a path from the newest one in the work directory')
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision (bfloat16)')
    parser.add_argument('--tensorboard', action='store_true', help='also log to TensorBoard')
    add_run_arguments(parser)
    return parser.parse_args()


def train(args: argparse.Namespace) -> Runner:
    """Train with the config that the arguments name; returns the Runner after it."""
    cfg = load_config(args)
    if args.amp:
        cfg.optim_wrapper.type = 'BFloat16OptimWrapper'
    if args.tensorboard:
        cfg.visualizer = dict(
            type='Visualizer',
            vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])
    if args.resume or cfg.get('resume'):
        resume_from(cfg, args.resume or cfg.load_from or 'auto')
    use_safe_reader()
    runner = RUNNERS.build(cfg)
    if cfg.get('resume') and isinstance(runner, Runner):
        load_weights(runner.model, cfg.load_from)  # the Runner would only warn of what differs
    runner.train()
    return runner


def main():
    args = parse_args()
    try:
        train(args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None


if __name__ == '__main__':
    main()
