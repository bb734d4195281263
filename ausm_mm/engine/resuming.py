"""Where a training goes on."""
import logging
import re
from pathlib import Path
from typing import Optional, Tuple

from mmengine.config import Config
from mmengine.logging import print_log

from .checkpoint import CheckpointError, read_checkpoint


def resume_from(cfg: Config, checkpoint: str) -> None:
    """Make a config's training go on, with the seed that it was started with: the data loader is
    built before the Runner reads the checkpoint. ``cfg.resume`` tells whether it will.

    Args:
        cfg: Of the training.
        checkpoint: Its file, or ``'auto'`` for the newest one of ``cfg.work_dir`` that can be read.

    Raises:
        CheckpointError: If it cannot be read, or holds weights only.
    """
    if checkpoint == 'auto':
        path, content = _newest_checkpoint(cfg.work_dir)
    else:
        path, content = checkpoint, read_checkpoint(checkpoint)
    if path is None:
        print_log(f'{cfg.work_dir}: holds no checkpoint to resume; training starts anew', 'current')
        cfg.resume = False
        return
    if not {'meta', 'optimizer'} <= content.keys():
        raise CheckpointError(f'{path}: holds weights only, so its training cannot be resumed; '
                              'start a new one from it with --cfg-options load_from=PATH')
    cfg.resume, cfg.load_from = True, path
    cfg.randomness = dict(cfg.get('randomness', {}), seed=int(content['meta']['seed']))


def _newest_checkpoint(work_dir: str) -> Tuple[Optional[str], Optional[dict]]:
    """Path and content. One that a crash cut short is passed over with a warning; if none is left,
    its error is raised."""
    numbers = {path: int(match[1]) for path in Path(work_dir).glob('*.pth')
               if (match := re.fullmatch(r'(?:iter|epoch)_(\d+)\.pth', path.name))}
    damage = None
    for path in sorted(numbers, key=numbers.get, reverse=True):
        try:
            return str(path), read_checkpoint(str(path))
        except CheckpointError as error:
            print_log(f'{error}; the checkpoint before it is tried', 'current', logging.WARNING)
            damage = damage or error
    if damage is not None:
        raise damage
    return None, None
