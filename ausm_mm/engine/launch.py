"""What the command-line tools share: arguments, config, processes."""
import argparse
import atexit
import gc
import os
import os.path as osp

import torch.distributed
from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.registry import init_default_scope

from ausm_mm.errors import UserError


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of every tool that runs a config."""
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE',
        help='override settings of the config')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0,
                        help='set by the launcher')


def load_config(args: argparse.Namespace) -> Config:
    """Config of a tool's arguments, with the processes of the launcher connected.

    Raises:
        UserError: If there is no such config.
    """
    if not osp.isfile(args.config):
        raise UserError(f'{args.config}: no such config; correct the path')
    cfg = Config.fromfile(args.config)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or osp.join(
        'work_dirs', osp.splitext(osp.basename(args.config))[0])
    cfg.launcher = args.launcher
    if 'default_scope' in cfg:
        init_default_scope(cfg.default_scope)  # FlexibleRunner does it too late for its strategy
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.launcher == 'pytorch' and get_device() == 'cpu':
        _use_cpus(cfg)
    return cfg


def _use_cpus(cfg: Config) -> None:
    """Connect the processes by gloo; mmengine itself binds each of them to a GPU."""
    if not torch.distributed.is_initialized():  # by the stage before
        torch.distributed.init_process_group('gloo')
        atexit.register(_disconnect)
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False))


def _disconnect() -> None:
    """End gloo's threads, which would abort the exit of the process now and then.

    They end with the last reference to the group, and a wrapped model that waits for garbage
    collection holds one: 4 threads were left without the collection, 1 with it.
    """
    gc.collect()
    torch.distributed.destroy_process_group()
