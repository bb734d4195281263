"""Checks, shows, splits and converts data sets.

    python tools/prepare_data.py check                       all known data sets below data/
    python tools/prepare_data.py sample mose --count 3       clips with their masks as PNGs
    python tools/prepare_data.py split data/ovis/annotations_train.json
    python tools/prepare_data.py convert labelme my_videos my_videos/train.json
"""
import argparse
from pathlib import Path
from typing import Dict, List, Tuple

from mmengine.registry import init_default_scope
from terminaltables import AsciiTable

from ausm_mm.datasets.preparation import (
    CATALOGUE,
    FORMATS,
    convert_coco_video,
    convert_labelme,
    count_source,
    split_json,
    split_list,
    write_samples,
)
from ausm_mm.errors import UserError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    check = commands.add_parser('check', help='what is there, what is missing, where to get it')
    sample = commands.add_parser('sample', help='draw a few videos with their masks')
    for command in (check, sample):
        _add_source_arguments(command)
    sample.add_argument('--count', type=int, default=4, help='videos of each split')
    sample.add_argument('--seed', type=int, default=0)
    sample.add_argument('--out', type=Path, default=Path('work_dirs/data_samples'))
    split = commands.add_parser('split', help='hold out videos of a training set')
    split.add_argument('path', type=Path, help='train json, list of videos, or folder of videos')
    split.add_argument('--share', type=float, default=0.1, help='of the videos to hold out')
    split.add_argument('--seed', type=int, default=0)
    convert = commands.add_parser('convert', help='own data to the YouTube-VIS json')
    convert.add_argument('format', choices=['labelme', 'coco-video'])
    convert.add_argument('path', type=Path, help='folder (labelme) or json (coco-video)')
    convert.add_argument('out', type=Path, help='json to write')
    return parser.parse_args()


def _add_source_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('names', nargs='*', metavar='NAME',
                        help=f"of {', '.join(CATALOGUE)}; default: all")
    parser.add_argument('--data-root', type=Path, default=Path('data'), help='holds the data sets')
    own = parser.add_argument_group('any other folder')
    own.add_argument('--format', choices=list(FORMATS))
    own.add_argument('--root', default='', help='that the rest is relative to')
    own.add_argument('--ann-file', default='', help='json, meta.json or list of videos')
    own.add_argument('--img', default='', help='folder of the frames')
    own.add_argument('--mask', default='', help='folder of the mask PNGs')
    own.add_argument('--video', default='', help='folder of the mp4 files')


def sources(args: argparse.Namespace) -> List[Tuple[str, str, Dict, str]]:
    """(data set, split, config of the reader, where to get it) of all that was asked for."""
    if args.format:
        prefix = {kind: getattr(args, kind) for kind in ('img', 'mask', 'video')}
        keys = dict(youtube_vis=['img'], coco=['img'], sav=['video']).get(
            args.format, ['img', 'mask'])
        config = dict(type=FORMATS[args.format], data_root=args.root, ann_file=args.ann_file,
                      data_prefix={key: prefix[key] for key in keys})
        return [(args.format, args.ann_file or args.root, config, '')]
    unknown = [name for name in args.names if name not in CATALOGUE]
    if unknown:
        raise UserError(f"{unknown[0]}: is no known data set; choose of {', '.join(CATALOGUE)} or "
                        'give --format')
    return [(name, split, dict(config, data_root=str(args.data_root / CATALOGUE[name].folder)),
             CATALOGUE[name].url)
            for name in args.names or CATALOGUE
            for split, config in CATALOGUE[name].splits.items()]


def check(args: argparse.Namespace) -> bool:
    """Prints a table of what is there; returns whether all of it is whole."""
    rows, notes = [], {}
    for name, split, config, url in sources(args):
        if not Path(config['data_root']).is_dir():
            rows.append([name, split, *['-'] * 5, 'absent'])
            notes[absent(name, config, url)] = None
            continue
        count = count_source(config)
        state = 'ok' if not count.problem else 'incomplete' if count.videos else 'unreadable'
        rows.append([name, split, count.videos, count.frames, count.annotated, count.objects,
                     count.masks, state])
        if count.problem:
            source = f' (from {url})' if url else ''
            notes[f'{name} {split}: {count.problem}{source}'] = None
    header = ['data set', 'split', 'videos', 'frames', 'annotated', 'objects', 'masks', 'state']
    table = AsciiTable([header, *rows])
    table.justify_columns = dict.fromkeys(range(2, 7), 'right')
    print(table.table)
    for note in notes:
        print(note)
    return all(row[-1] == 'ok' for row in rows)


def absent(name: str, config: Dict, url: str) -> str:
    """What to say of a data set whose folder is not there."""
    return f"{name}: {config['data_root']} is not there; " + (
        f'get it from {url}' if url else 'correct --root')


def sample(args: argparse.Namespace) -> None:
    """Writes the pictures and prints their names."""
    if args.count < 1:
        raise UserError(f'--count {args.count}: draws nothing; give 1 or more')
    found = []
    for source in sources(args):
        if Path(source[2]['data_root']).is_dir():
            found.append(source)
        elif args.names or args.format:
            name, _, config, url = source
            raise UserError(absent(name, config, url))
    if not found:
        raise UserError(f'{args.data_root}: holds no known data set; correct --data-root, or see '
                        'what is missing by the command check')
    for _, split, config, _ in found:
        for path in write_samples(config, args.out / split, args.count, args.seed):
            print(path)


def split(args: argparse.Namespace) -> None:
    """Writes the two parts and prints their names."""
    function = split_json if args.path.suffix == '.json' else split_list
    for path in function(args.path, args.share, args.seed):
        print(path)


def convert(args: argparse.Namespace) -> None:
    """Writes the json and prints what is in it."""
    if not args.path.exists():
        raise UserError(f'{args.path}: there is no such file or folder; correct the path')
    function = dict(labelme=convert_labelme).get(args.format, convert_coco_video)
    function(args.path, args.out)
    folder = args.path if args.path.is_dir() else args.path.parent
    count = count_source(dict(type='YouTubeVISDataset', ann_file=str(args.out.resolve()),
                              data_prefix=dict(img=str(folder.resolve()))))
    print(f'{args.out}: {count.videos} videos, {count.frames} frames, {count.objects} objects, '
          f'{count.masks} masks{"; " + count.problem if count.problem else ""}')


def main() -> None:
    args = parse_args()
    init_default_scope('ausm_mm')
    commands = dict(check=check, sample=sample, split=split, convert=convert)
    try:
        whole = commands[args.command](args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    except OSError as error:
        raise SystemExit(f'error: {error}; give a path that can be written') from None
    if whole is False:
        raise SystemExit(1)


if __name__ == '__main__':
    main()
