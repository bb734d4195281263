"""Writes the synthetic video set in the YouTube-VIS and the DAVIS layout."""
import argparse
import time

from ausm_mm.datasets.errors import DataError
from ausm_mm.datasets.synthetic import CLASSES, SyntheticOptions, write_synthetic


def parse_args():
    default = SyntheticOptions()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('out', help='folder to create')
    parser.add_argument('--num-train', type=int, default=default.num_train, help='training clips')
    parser.add_argument('--num-val', type=int, default=default.num_val, help='validation clips')
    parser.add_argument('--num-test', type=int, default=default.num_test, help='test clips')
    parser.add_argument('--frames', type=int, nargs=2, default=default.frames,
                        metavar=('MIN', 'MAX'), help='shortest and longest clip')
    parser.add_argument('--size', type=int, nargs=2, default=default.size,
                        metavar=('H', 'W'), help='frame size in pixels')
    parser.add_argument('--min-objects', type=int, default=default.min_objects)
    parser.add_argument('--max-objects', type=int, default=default.max_objects)
    parser.add_argument('--num-classes', type=int, default=default.num_classes,
                        help=f"the first so many of {', '.join(CLASSES)}")
    parser.add_argument('--min-visible', type=int, default=default.min_visible,
                        help='with fewer visible pixels an object counts as hidden')
    parser.add_argument('--seed', type=int, default=default.seed)
    return parser.parse_args()


def main():
    args = vars(parse_args())
    out = args.pop('out')
    args.update(frames=tuple(args['frames']), size=tuple(args['size']))
    start = time.perf_counter()
    try:
        stats = write_synthetic(out, SyntheticOptions(**args))
    except DataError as error:
        raise SystemExit(f'error: {error}') from None
    print(f'{out}: ready after {time.perf_counter() - start:.1f} s')
    for split, figures in stats['splits'].items():
        print(f"  {split:5s} {figures['clips']:5d} clips  {figures['frames']:6d} frames  "
              f"{figures['objects']:5d} objects  {100 * figures['hidden_share']:.1f} % hidden")


if __name__ == '__main__':
    main()
