"""Train the stages of a plan, each from the last checkpoint of the one before.

    python tools/train_stages.py configs/plans/ausm_tiny.py

What is finished is skipped, what was interrupted goes on. Writes WORK_DIR/STAGE/ as tools/train.py
does, and WORK_DIR/summary.json.
"""
import argparse
import gc
from pathlib import Path
from typing import List

from mmengine.config import Config
from mmengine.dist import barrier, broadcast_object_list, is_main_process
from train import train

from ausm_mm.engine import add_run_arguments
from ausm_mm.engine.stages import (
    Stage,
    decisive_settings,
    describe_training,
    format_summary,
    read_metrics,
    read_plan,
    read_record,
)
from ausm_mm.errors import UserError
from ausm_mm.utils import write_json


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('plan', help='Python config with the list of stages')
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision (bfloat16)')
    parser.add_argument('--tensorboard', action='store_true', help='also log to TensorBoard')
    add_run_arguments(parser)
    return parser.parse_args()


def train_stages(args: argparse.Namespace) -> List[dict]:
    """Train what is not finished; returns a record of each stage."""
    work_dir = Path(args.work_dir or f'work_dirs/{Path(args.plan).stem}')
    stages = read_plan(args.plan, args.cfg_options)
    records, start = [], {}
    for i, stage in enumerate(stages):
        cfg = Config.fromfile(stage.config)
        cfg.merge_from_dict(stage.options)
        settings = decisive_settings(cfg)
        record = read_record(work_dir / stage.name, settings)
        if record is None:
            refuse_later_stages(work_dir, stage, stages[i + 1:])
            record = train_stage(args, stage, work_dir / stage.name, start, settings)
        records.append(record)
        start = {'load_from': str(work_dir / stage.name / record['checkpoint'])}
        if is_main_process():
            write_json(dict(plan=args.plan, stages=records), work_dir / 'summary.json')
    return records


def refuse_later_stages(work_dir: Path, stage: Stage, later: List[Stage]) -> None:
    """A stage that is still to be trained must not have been the start of another one."""
    for other in later:
        if any((work_dir / other.name).glob('*.pth')):
            raise UserError(f'{work_dir / other.name}: was trained from another {stage.name} than '
                            'the one to be trained now; delete the folder')


def train_stage(args: argparse.Namespace, stage: Stage, folder: Path, start: dict,
                settings: dict) -> dict:
    """Train a stage, or what is left of it; returns its record."""
    runner = train(argparse.Namespace(
        config=stage.config, work_dir=str(folder), cfg_options={**start, **stage.options},
        launcher=args.launcher, local_rank=args.local_rank, amp=args.amp,
        tensorboard=args.tensorboard, resume='auto'))
    # One process looks: the others may see files late.
    shared = [read_metrics(folder, runner.iter) if is_main_process() else None]
    broadcast_object_list(shared)
    if shared[0] is None and runner.val_loop is not None:  # interrupted after the last iteration
        shared[0] = runner.val_loop.run()
    record = dict(name=stage.name, config=stage.config, **describe_training(runner),
                  metrics=shared[0] or {}, checkpoint=f'iter_{runner.iter}.pth')
    barrier()  # then the checkpoint is complete
    if is_main_process():
        write_json(dict(record, settings=settings), folder / 'stage.json')
    del runner
    gc.collect()  # a Runner is part of reference cycles; the next one needs its memory
    return record


def main():
    args = parse_args()
    try:
        records = train_stages(args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    if is_main_process():
        print(format_summary(records))


if __name__ == '__main__':
    main()
