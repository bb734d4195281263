"""A training in stages: its plan, what is known of a finished stage, the summary."""
import json
import os.path as osp
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from mmengine.config import Config
from mmengine.runner import Runner

from ausm_mm.errors import UserError
from ausm_mm.utils import format_table

# The settings of a config that decide what its training gives.
_DECISIVE = ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler')
_SPEED_ONLY = ('num_workers', 'persistent_workers', 'prefetch_factor', 'pin_memory')


@dataclass(frozen=True)
class Stage:
    """One stage of a plan.

    Args:
        name: Of its folder in the work directory.
        config: Path of its config.
        options: What overrides the config's settings, dotted key -> value.
    """
    name: str
    config: str
    options: Dict[str, Any]


def read_plan(path: str, options: Optional[Dict[str, Any]] = None) -> List[Stage]:
    """The stages of a plan, in order.

    Args:
        path: A Python config with ``stages``, a list of dicts with ``name`` and ``config``; the
            configs' paths are relative to the plan's folder.
        options: Dotted key -> value: for the stage whose name a key begins with, else for all.

    Raises:
        UserError: If the plan or a config is missing or malformed.
    """
    if not osp.isfile(path):
        raise UserError(f'{path}: no such plan; correct the path')
    entries = Config.fromfile(path).get('stages')
    if not entries or not isinstance(entries, list):
        raise UserError(f'{path}: stages={entries}; give a list of dict(name=..., config=...)')
    for entry in entries:
        if not isinstance(entry, dict) or set(entry) != {'name', 'config'}:
            raise UserError(f'{path}: the stage {entry} must be a dict of a name and a config, and '
                            'nothing else; settings belong into the config')
        # A folder, and the beginning of options
        if not re.fullmatch(r'[\w-]+', str(entry.name)) or not isinstance(entry.config, str):
            raise UserError(f'{path}: the stage {entry}: name it by letters, digits, - and _, and '
                            'give the path of its config')
    names = [str(entry.name) for entry in entries]
    if len(set(names)) < len(names):
        raise UserError(f'{path}: the stages are named {names}; give each a name of its own')
    stages = []
    for name, entry in zip(names, entries, strict=True):
        config = osp.normpath(osp.join(osp.dirname(path), entry.config))
        if not osp.isfile(config):
            raise UserError(f'{path}: {config} of {name} does not exist; correct the path')
        stages.append(Stage(name, config, dict(_options_of(name, names, options or {}))))
    return stages


def _options_of(name: str, names: Sequence[str],
                options: Dict[str, Any]) -> Iterator[Tuple[str, Any]]:
    """Those of all stages and those of one, which come last."""
    yield from ((key, value) for key, value in options.items() if key.split('.')[0] not in names)
    yield from ((key[len(name) + 1:], value) for key, value in options.items()
                if key.startswith(f'{name}.'))


def decisive_settings(cfg: Config) -> Dict[str, Any]:
    """What of a config decides about the weights: dotted key -> value, as json keeps it."""
    settings = {key: cfg.get(key) for key in _DECISIVE}
    settings['train_dataloader'] = {
        key: value for key, value in cfg.train_dataloader.items() if key not in _SPEED_ONLY}
    return dict(_flatten('', json.loads(json.dumps(settings, default=str))))


def _flatten(prefix: str, value: Any) -> Iterator[Tuple[str, Any]]:
    if not isinstance(value, (dict, list)) or not value:
        yield prefix, value
        return
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in items:
        yield from _flatten(f'{prefix}.{key}' if prefix else str(key), part)


def read_record(folder: Path, settings: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """What was noted of a stage when it was finished, or None if it is not.

    Args:
        folder: Of the stage.
        settings: Those it would be trained with now.

    Raises:
        UserError: If it was trained with others, or its checkpoint is gone.
    """
    path = folder / 'stage.json'
    if not path.exists():
        return None
    record = json.loads(path.read_text())
    before = record.pop('settings')
    missing = object()
    for key in sorted({*before, *settings}):
        if before.get(key, missing) != settings.get(key, missing):
            raise UserError(
                f'{folder}: was trained with {key}={before.get(key)}, now it is '
                f'{settings.get(key)}; take that back, or delete the folder to train it anew')
    checkpoint = folder / record['checkpoint']
    if not checkpoint.exists():
        raise UserError(f'{checkpoint}: is gone; bring it back, or delete the folder {folder} to '
                        'train the stage anew')
    return record


def read_metrics(folder: Path, iteration: int) -> Optional[Dict[str, float]]:
    """What the validation after an iteration gave, by the log, or None if there was none."""
    metrics = None
    for path in sorted(folder.glob('*/vis_data/scalars.json')):  # a resumed training has several
        for entry in map(json.loads, path.read_text().splitlines()):
            if entry['step'] == iteration and 'loss' not in entry:
                metrics = {key: value for key, value in entry.items() if '/' in key}
    return metrics


def describe_training(runner: Runner) -> Dict[str, Any]:
    """Iterations, minutes of those whose weights were kept, means of the last 50 losses, and what
    was new at the start."""
    hub = runner.message_hub
    seconds, _ = hub.get_scalar('train/time').data
    return dict(
        iterations=runner.iter, minutes=float(seconds.sum()) / 60,
        losses={name.partition('/')[2]: float(hub.get_scalar(name).mean(50))
                for name in hub.log_scalars if re.match(r'train/.*\bloss', name)},
        new_weights=hub.get_info('new_weights', []))


def format_summary(records: Sequence[Dict[str, Any]]) -> str:
    """A table: minutes, last loss and main figures of each stage."""
    figures = list(dict.fromkeys(
        name for record in records for name in record['metrics']
        if name.rpartition('/')[2] in ('AP', 'J&F')))
    return format_table(
        ('stage', 'minutes', 'loss', *figures),
        [(f"{record['name']}, {record['iterations']} iterations", record['minutes'],
          record['losses']['loss'], *map(record['metrics'].get, figures)) for record in records])
