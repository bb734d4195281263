"""What the converters on the command line share."""
import argparse
import os.path as osp
from typing import Dict

import torch
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from torch import Tensor

from ausm_mm.errors import UserError
from ausm_mm.registry import MODELS
from ausm_mm.utils import renamed_when_complete
from .report import format_conversion
from .rules import Family, convert_weights
from .weights import read_weights


def main(description: str, family: Family) -> None:
    """The whole of a converter, which ends with one line if it cannot do its work."""
    args = parse_arguments(description, family)
    try:
        convert_file(args, family)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    except OSError as error:
        raise SystemExit(f'error: {error}; give a path that can be written') from None


def parse_arguments(description: str, family: Family) -> argparse.Namespace:
    """Arguments of a converter."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('weights', help='file to convert: .pth, .pt, .bin, .pkl or .safetensors')
    parser.add_argument('config', help='config of the AUSM that shall start from them')
    parser.add_argument('out', help='file to write, for load_from=')
    parser.add_argument('--source', choices=family.layouts,
                        help='whose names the file has (default: told by the names)')
    parser.add_argument('--trust', action='store_true',
                        help='the file may run code while it is read: you trust its authors')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE',
                        help='override settings of the config')
    return parser.parse_args()


def convert_file(args: argparse.Namespace, family: Family) -> None:
    """Convert the file that the arguments name, print what became of every key and write the rest.

    Raises:
        UserError: If the config or the file cannot be read, or the weights do not fit.
    """
    weights = read_weights(args.weights, args.trust)
    project = args.source or family.guess(weights, args.weights)
    own = _model_weights(args)
    conversion = convert_weights(weights, family.layouts[project], own, family.new)
    print(f'{family.name} of {project}, {args.weights}')
    print(format_conversion(conversion))
    conversion.check(args.weights)
    with renamed_when_complete(args.out) as temporary, open(temporary, 'wb') as file:
        torch.save(conversion.state, file)
    print(f'written: {args.out}, {len(conversion.state)} weights')


def _model_weights(args: argparse.Namespace) -> Dict[str, Tensor]:
    if not osp.isfile(args.config):
        raise UserError(f'{args.config}: no such config; correct the path')
    cfg = Config.fromfile(args.config)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'ausm_mm'))
    return MODELS.build(cfg.model).state_dict()
