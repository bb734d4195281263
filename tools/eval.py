"""Score result files of any method; no model is built.

    python tools/eval.py vis  --gt instances.json --pred results.json
    python tools/eval.py vos  --gt DAVIS/Annotations/480p --pred results --sequences val.txt
    python tools/eval.py coco --gt instances_val2017.json --pred results.json
"""
import argparse

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import hota, summarize_vos, youtube_vos_summary
from ausm_mm.evaluation.functional.coco_ap import summarize_masks
from ausm_mm.evaluation.functional.vis_ap import summarize_tracks
from ausm_mm.evaluation.results import (
    evaluate_coco_files,
    evaluate_vis_files,
    load_json,
    load_results,
)
from ausm_mm.utils import format_table, write_json

STATISTICS = ('mean', 'recall', 'decay')


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest='task', required=True)
    vis = tasks.add_parser('vis', help='tracks: YouTube-VIS, OVIS')
    vis.add_argument('--gt', required=True, help='annotation json')
    vis.add_argument('--pred', required=True, help='results.json, or a zip with it')
    vis.add_argument('--hota', type=float, metavar='SCORE',
                     help='also HOTA and identity switches of the tracks above this score')
    vos = tasks.add_parser('vos', help='masks of given objects: DAVIS, MOSE, YouTube-VOS')
    vos.add_argument('--gt', required=True, help='folder with a folder of mask PNGs a sequence')
    vos.add_argument('--pred', required=True, help='the same of the predictions')
    vos.add_argument('--sequences', metavar='FILE.txt',
                     help='names of the sequences to score (default: all of --gt)')
    vos.add_argument('--youtube-vos', nargs=2, metavar=('META', 'TRAIN_META'),
                     help='also G; the meta.json of the ground truth and of the training set')
    coco = tasks.add_parser('coco', help='masks in single images')
    coco.add_argument('--gt', required=True, help='annotation json')
    coco.add_argument('--pred', required=True, help='result json')
    for task in (vis, vos, coco):
        task.add_argument('--json', metavar='FILE', help='also write all figures there')
        task.add_argument('--plots', metavar='DIR',
                          help='also draw curves and the worst clips or images')
    return parser.parse_args()


def eval_vis(args: argparse.Namespace) -> dict:
    """Figures of tracks; prints their table."""
    evaluation = evaluate_vis_files(args.gt, args.pred)
    figures = summarize_tracks(evaluation)
    if args.hota is not None:
        figures.update(hota(load_json(args.gt), load_results(args.pred), args.hota))
    print_ap(figures)
    if args.plots:
        from ausm_mm.evaluation.results.plots import plot_vis  # needs matplotlib and torch
        plot_vis(evaluation, args.plots)
    return figures


def eval_coco(args: argparse.Namespace) -> dict:
    """Figures of masks in single images; prints their table."""
    evaluation = evaluate_coco_files(args.gt, args.pred)
    figures = summarize_masks(evaluation)
    print_ap(figures)
    if args.plots:
        from ausm_mm.evaluation.results.plots import plot_coco
        plot_coco(evaluation, args.plots)
    return figures


def eval_vos(args: argparse.Namespace) -> dict:
    """Figures of given objects; prints a table with a row per sequence."""
    # The reader of mask PNGs belongs to the data sets, which need torch.
    from ausm_mm.evaluation.results.vos_files import (
        read_names,
        read_youtube_vos_meta,
        score_vos_folders,
    )
    names = read_names(args.sequences) if args.sequences else None
    scores = score_vos_folders(args.gt, args.pred, names, skip_last=not args.youtube_vos)
    figures = summarize_vos(scores)
    header = ('sequence', *(f'{key} {name}' for key in ('J&F', 'J', 'F') for name in STATISTICS))
    rows = [(name, *(summary[key][statistic] for key in ('J&F', 'J', 'F')
                     for statistic in STATISTICS))
            for name, summary in [*figures['per_sequence'].items(), ('all objects', figures)]]
    print(format_table(header, rows))
    if args.youtube_vos:
        figures['youtube_vos'] = youtube_vos_summary(
            scores, *read_youtube_vos_meta(*args.youtube_vos))
        print(format_table(('YouTube-VOS', ''), list(figures['youtube_vos'].items())))
    figures['per_frame'] = {
        name: {object_id: [{key: frame[key] for key in ('frame', 'J', 'F')} for frame in frames]
               for object_id, frames in objects.items()} for name, objects in scores.items()
    }
    if args.plots:
        from ausm_mm.evaluation.results.plots import plot_vos
        plot_vos(scores, args.gt, args.pred, args.plots)
    return figures


def print_ap(figures: dict) -> None:
    """A table of the figures and of AP per class; -1 (no ground truth) as a dash."""
    rows = [(name, value if value >= 0 else None)
            for name, value in figures.items() if name != 'per_class']
    rows += [(f'AP of {name}', ap) for name, ap in figures['per_class'].items() if ap >= 0]
    print(format_table(('figure', ''), rows))


def main():
    args = parse_args()
    try:
        figures = dict(vis=eval_vis, vos=eval_vos, coco=eval_coco)[args.task](args)
        if args.json:
            write_json(figures, args.json)
            print(f'Figures: {args.json}')
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    except OSError as error:
        raise SystemExit(f'error: {error}; give a path that can be written') from None


if __name__ == '__main__':
    main()
