"""Check result files for a server that hides its ground truth, line by line, and pack them.

    python tools/check_results.py vis results.json --ann test.json --pack submission.zip
    python tools/check_results.py vos PREDICTIONS --frames JPEGImages --prompts Annotations \\
        --pack submission.zip --layout youtube-vos

Ends with status 1, and packs nothing, if something is wrong.
"""
import argparse

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional.annotation import VIDEOS, check_annotation
from ausm_mm.evaluation.results import find_vis_problems, load_json, load_results, pack_vis


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest='task', required=True)
    vis = tasks.add_parser('vis', help='tracks: YouTube-VIS, OVIS')
    vis.add_argument('pred', help='results.json, or a zip with it')
    vis.add_argument('--ann', required=True, help='json with the videos of the test set')
    vos = tasks.add_parser('vos', help='masks of given objects: DAVIS, MOSE, YouTube-VOS')
    vos.add_argument('pred', help='folder with a folder of mask PNGs a sequence')
    vos.add_argument('--frames', required=True, help='JPEGImages of the test set')
    vos.add_argument('--prompts', required=True, help='Annotations of the test set: first masks')
    vos.add_argument('--sequences', metavar='FILE.txt',
                     help='names of the sequences (default: all of --frames)')
    vos.add_argument('--layout', choices=['davis', 'mose', 'youtube-vos'], default='davis',
                     help='whose zip to pack (default: davis)')
    for task in (vis, vos):
        task.add_argument('--pack', metavar='FILE.zip', help='pack what is right for the server')
    return parser.parse_args()


def check_vis(args: argparse.Namespace) -> int:
    """Prints what is wrong; returns the number of lines."""
    results, annotation = load_results(args.pred), load_json(args.ann)
    check_annotation(annotation, args.ann, VIDEOS)
    n_problems = print_all(find_vis_problems(results, annotation))
    if args.pack and not n_problems:
        pack_vis(results, args.pack)
    return n_problems


def check_vos(args: argparse.Namespace) -> int:
    """Prints what is wrong; returns the number of lines."""
    from ausm_mm.evaluation.results.vos_files import list_sequences, read_names
    from ausm_mm.evaluation.results.vos_packing import find_vos_problems, pack_vos, read_test_set
    names = read_names(args.sequences) if args.sequences else list_sequences(args.frames)
    sequences = read_test_set(args.frames, args.prompts, names)
    n_problems = print_all(find_vos_problems(args.pred, sequences))
    if args.pack and not n_problems:
        pack_vos(args.pred, sequences, args.pack, args.layout)
    return n_problems


def print_all(problems) -> int:
    """Prints the lines as they are found and returns their number."""
    n_problems = 0
    for problem in problems:
        print(problem, flush=True)
        n_problems += 1
    return n_problems


def main():
    args = parse_args()
    try:
        n_problems = dict(vis=check_vis, vos=check_vos)[args.task](args)
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    except OSError as error:
        raise SystemExit(f'error: {error}; give a path that can be written') from None
    if n_problems:
        raise SystemExit(f'error: {args.pred}: {n_problems} problems, see above; nothing packed')
    print(f'{args.pred}: nothing wrong' + (f'; packed {args.pack}' if args.pack else ''))


if __name__ == '__main__':
    main()
