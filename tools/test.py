"""Test a model: metrics of the config's test set, result files for servers, and pictures.

With --results an interrupted run goes on where it stopped. Where the ground truth is hidden, as in
official test splits, nothing is scored: the results are packed for the server and checked.
"""
import argparse

from mmengine.dist import is_main_process
from mmengine.runner import Runner

from ausm_mm.engine import add_run_arguments, load_config, load_weights
from ausm_mm.errors import UserError
from ausm_mm.evaluation.results_loop import ResultsTestLoop
from ausm_mm.utils import write_json


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', metavar='FILE.json', help='also write the metrics there')
    parser.add_argument(
        '--results', metavar='DIR', help='keep the results of every video there, and zips for '
        'servers; by default only hidden ground truth has them, in results in the work directory')
    parser.add_argument(
        '--show-dir', metavar='DIR', help='draw the first videos as mp4 and contact sheet there')
    parser.add_argument('--show-videos', type=int, default=8, help='how many (default: 8)')
    add_run_arguments(parser)
    return parser.parse_args()


def test(args: argparse.Namespace) -> dict:
    """Metrics of the checkpoint on the config's test set."""
    cfg = load_config(args)
    if args.show_dir:
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(
            type='TrackVisualizationHook', out_dir=args.show_dir, max_videos=args.show_videos)]
    if cfg.get('test_dataloader') is None:
        raise UserError(f'{args.config}: has no test set (test_dataloader); take another config')
    cfg.test_cfg = dict(cfg.test_cfg, type=ResultsTestLoop.__name__, checkpoint=args.checkpoint,
                        results_dir=args.results)
    cfg.load_from, cfg.resume = None, False  # the Runner would load it over the checkpoint
    runner = Runner.from_cfg(cfg)
    load_weights(runner.model, args.checkpoint)
    return runner.test()


def main():
    args = parse_args()
    try:
        metrics = test(args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    if args.out and is_main_process():
        write_json(metrics, args.out)


if __name__ == '__main__':
    main()
