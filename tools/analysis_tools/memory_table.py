"""Peak memory of a training iteration: plain, with activation checkpointing, with bfloat16.

    python tools/analysis_tools/memory_table.py CONFIG ... --clip 5 640 960 [--shares 1/32 1/16 1/8]

On a GPU, the given clip is measured (torch.cuda.max_memory_allocated). On CPUs, the peak of the
process (without what its imports take) is measured at shares of the clip's pixels, and extrapolated
along a straight line; how far the figures are off that line is printed, too. Each row is of a
process of its own, each figure of two iterations on noise and boxes.
"""
import argparse
import gc
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from ausm_mm.errors import UserError
from ausm_mm.registry import MODELS
from ausm_mm.structures import ClipDataSample
from ausm_mm.utils import format_table

GB = 1e9
SETTINGS = {  # column -> what differs from the config
    'plain': {},
    'checkpointing': {'model.with_cp': True},
    'bfloat16': {'optim_wrapper.type': 'BFloat16OptimWrapper'},
    'both': {'model.with_cp': True, 'optim_wrapper.type': 'BFloat16OptimWrapper'},
}
ITERATIONS = 2  # the optimizer's states are there from the second on


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', help='config files')
    parser.add_argument('--clip', type=int, nargs=3, required=True, metavar=('T', 'H', 'W'))
    parser.add_argument('--objects', type=int, default=10, help='in each frame (default: 10)')
    parser.add_argument(
        '--shares', type=Fraction, nargs='+', metavar='SHARE',
        default=[Fraction(1, 32), Fraction(1, 16), Fraction(1, 8)],
        help='of the pixels, ascending: measured on CPUs (default: 1/32 1/16 1/8); 1 extrapolates '
        'nothing')
    parser.add_argument('--settings', nargs='+', choices=SETTINGS, default=list(SETTINGS),
                        help='rows of each config (default: all)')
    return parser.parse_args()


def noise_clip(dataset_name: str, clip: Sequence[int], objects: int) -> Dict:
    """A training batch of one clip (T, H, W); half of its objects are in the first frame."""
    T, H, W = clip
    generator = torch.Generator().manual_seed(0)
    masks = torch.zeros(objects, T, H, W, dtype=torch.bool)
    for i in range(objects):
        top, left = int(i * H / (objects + 3)), int(i * W / (objects + 3))
        masks[i, (T // 2 if i % 2 else 0):, top:top + H // 4, left:left + W // 4] = True
    sample = ClipDataSample(metainfo=dict(
        dataset_name=dataset_name, task='unprompted', exhaustive=True, video_name='noise',
        frame_ids=list(range(T)), img_shape=(H, W), ori_shape=(H, W), seed=0))
    sample.gt_instances = InstanceData(
        masks=masks, labels=torch.zeros(objects, dtype=torch.long),
        object_ids=torch.arange(objects))
    frames = torch.randint(0, 256, (T, 3, H, W), dtype=torch.uint8, generator=generator)
    return dict(inputs=[frames], data_samples=[sample])


def measure(path: str, options: Dict, clips: List[Tuple[int, int, int]],
            objects: int) -> List[float]:
    """Peak memory in GB of training on each of the clips; to be run in a fresh process."""
    torch.set_num_threads(1)
    MMLogger.get_instance('memory', log_level='ERROR')  # else a line for every weight
    on_gpu = torch.cuda.is_available()
    before = 0 if on_gpu else _status('VmRSS')
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None  # weights from a file take no other memory
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).to('cuda' if on_gpu else 'cpu').train()
    optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    peaks = []
    for clip in clips:
        batch = noise_clip(next(iter(cfg.model.head.num_classes)), clip, objects)
        _reset_peak(on_gpu)
        for _ in range(ITERATIONS):
            model.train_step(batch, optim_wrapper)
        peak = torch.cuda.max_memory_allocated() if on_gpu else _status('VmHWM') - before
        peaks.append(peak / GB)
    return peaks


def _status(key: str) -> int:
    """A figure of the kernel for this process, in bytes."""
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def _reset_peak(on_gpu: bool) -> None:
    gc.collect()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    else:
        Path('/proc/self/clear_refs').write_text('5')  # VmHWM becomes VmRSS


def clip_of_share(clip: Sequence[int], share: Fraction) -> Tuple[int, int, int]:
    """The clip with fewer pixels: sides shrunk alike, to multiples of 32."""
    T, *size = clip
    return (T, *(max(round(side * float(share)**0.5 / 32), 1) * 32 for side in size))


def extrapolate(pixels: Sequence[int], peaks: Sequence[float],
                target: int) -> Tuple[float, float, float]:
    """A straight line through the figures, by least squares.

    Returns:
        Its value at the target; at no pixels, which is what weights, gradients, the optimizer and
        the points of the mask losses take; and how far the figures are off it at most, as a share.
    """
    slope, fixed = np.polyfit(pixels, peaks, 1)
    line = fixed + slope * np.asarray(pixels)
    return fixed + slope * target, fixed, np.abs(line / peaks - 1).max()


def rows_of(path: str, args: argparse.Namespace) -> List[Tuple]:
    """Rows of the table for a config."""
    target = int(np.prod(args.clip))
    clips = [tuple(args.clip)]
    if not torch.cuda.is_available():
        clips = [clip_of_share(args.clip, share) for share in args.shares]
    pixels = [int(np.prod(clip)) for clip in clips]
    if pixels != [target] and (len(pixels) < 3 or sorted(set(pixels)) != pixels):
        raise UserError(f'--shares gives clips of {pixels} pixels; give three or more shares, '
                        'ascending, or 1')
    rows = []
    for name in args.settings:
        with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
            peaks = pool.submit(measure, path, SETTINGS[name], clips, args.objects).result()
        result = (peaks[0], None, None)
        if pixels != [target]:
            result = extrapolate(pixels, peaks, target)
        rows.append((f'{Path(path).stem}, {name}', *result, peaks[-1]))
        print(f'{rows[-1][0]}: ' + ', '.join(
            f'{"x".join(map(str, clip))} {peak:.3f} GB' for clip, peak in zip(clips, peaks)),
            flush=True)
    return rows


def main() -> None:
    args = parse_args()
    try:
        rows = [row for path in args.configs for row in rows_of(path, args)]
    except UserError as error:
        raise SystemExit(f'error: {error}') from None
    clip = ' x '.join(map(str, args.clip))
    print(format_table(
        (f'GB for {clip}', 'peak', 'without pixels', 'most off the line', 'last measured'), rows))


if __name__ == '__main__':
    main()
