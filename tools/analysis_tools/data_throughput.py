"""Frames per second and core of the training pipeline and of one built from mmdet's transforms.

Both read the same clip of JPEGs and RLEs, resize it, flip it and pack it; they take turns, so that
other load on the machine hits both alike. The figures are of one process with one thread.
"""
import argparse
import cProfile
import pstats
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope, init_default_scope
from pycocotools import mask as mask_util

from ausm_mm.datasets.masks import encode_mask


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--size', type=int, nargs=2, default=(720, 1280), metavar=('H', 'W'))
    parser.add_argument('--short-side', type=int, default=480, help='of the frames that come out')
    parser.add_argument('--length', type=int, default=5, help='frames of a clip')
    parser.add_argument('--objects', type=int, default=10)
    parser.add_argument('--rounds', type=int, default=20, help='clips for each pipeline')
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    return parser.parse_args()


def make_video(folder: Path, args: argparse.Namespace) -> Dict:
    """Writes textured frames with discs as objects and returns the item of a data set."""
    height, width = args.size
    random = np.random.RandomState(0)
    rows, columns = np.mgrid[:height, :width]
    centres = random.rand(args.objects, 2) * args.size
    segmentations: List[List] = [[] for _ in range(args.objects)]
    for t in range(args.length):
        noise = random.randint(0, 256, (height // 8, width // 8, 3)).astype(np.uint8)
        image = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f'{t}.jpg'), image, [cv2.IMWRITE_JPEG_QUALITY, 90])
        for n, (y, x) in enumerate(centres):
            disc = np.hypot(rows - y, columns - x - 8 * t) < height / 8
            disc[round(y), min(round(x), width - 1)] = True  # never quite outside
            segmentations[n].append(encode_mask(disc))
    return dict(
        video_id=0, video_name='video', ann_file='made up', height=height, width=width,
        img_paths=[str(folder / f'{t}.jpg') for t in range(args.length)],
        annotated_frames=list(range(args.length)), dataset_name='video', task='unprompted',
        exhaustive=True, classes=('disc', ),
        objects=[dict(object_id=n, label=0, segmentations=rles)
                 for n, rles in enumerate(segmentations)])


def own_pipeline(info: Dict, args: argparse.Namespace) -> Callable[[], Dict]:
    """A function that makes the clip with this project's transforms."""
    pipeline = Compose([
        dict(type='SampleClip', length=args.length),
        dict(type='ClipResize', short_side=args.short_side),
        dict(type='LoadClipFrames'), dict(type='LoadClipMasks'),
        dict(type='ClipFlip', prob=0.5), dict(type='PackClip')])
    return lambda: pipeline(dict(info))


def stock_pipeline(info: Dict, args: argparse.Namespace) -> Callable[[], Dict]:
    """A function that makes the same clip with mmdet's transforms for video."""
    with DefaultScope.overwrite_default_scope('mmdet'):
        pipeline = Compose([
            dict(type='TransformBroadcaster', share_random_params=True, transforms=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadTrackAnnotations', with_mask=True),
                dict(type='Resize', scale=(100000, args.short_side), keep_ratio=True),
                dict(type='RandomFlip', prob=0.5)]),
            dict(type='PackTrackInputs')])
    instances = []
    for t in range(args.length):
        instances.append([])
        for obj in info['objects']:
            rle = obj['segmentations'][t]
            x, y, w, h = mask_util.toBbox(rle).tolist()
            instances[-1].append(dict(
                bbox=[x, y, x + w, y + h], bbox_label=0, ignore_flag=0,
                instance_id=obj['object_id'],
                # mmdet ignores an object whose counts are bytes.
                mask=dict(size=rle['size'], counts=rle['counts'].decode())))
    item = dict(
        img_path=info['img_paths'], instances=instances, img_id=list(range(args.length)),
        frame_id=list(range(args.length)), video_id=[0] * args.length,
        video_length=[args.length] * args.length, ori_video_length=[args.length] * args.length,
        height=[info['height']] * args.length, width=[info['width']] * args.length)
    return lambda: pipeline({key: list(value) for key, value in item.items()})


def measure(makers: Dict[str, Callable], rounds: int) -> Dict[str, float]:
    """Seconds of processor time that each function takes for a clip, the median of all rounds."""
    times: Dict[str, List[float]] = {name: [] for name in makers}
    for maker in makers.values():  # what is set up at first is not counted
        maker()
    for _ in range(rounds):
        for name, maker in makers.items():
            start = time.process_time()
            maker()
            times[name].append(time.process_time() - start)
    return {name: float(np.median(values)) for name, values in times.items()}


def main() -> None:
    args = parse_args()
    init_default_scope('ausm_mm')
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as folder:
        info = make_video(Path(folder), args)
        makers = dict(ausm_mm=own_pipeline(info, args), mmdet=stock_pipeline(info, args))
        seconds = measure(makers, args.rounds)
        height, width = args.size
        print(f'{height} x {width} to {args.short_side} lines, {args.objects} objects, clips of '
              f'{args.length} frames, {args.rounds} rounds')
        for name, value in seconds.items():
            print(f'{name:8s} {args.length / value:7.1f} frames per second of one core')
        print(f"ratio    {seconds['mmdet'] / seconds['ausm_mm']:7.2f}")
        if args.profile:
            profile = cProfile.Profile()
            profile.runcall(lambda: [makers['ausm_mm']() for _ in range(args.rounds)])
            pstats.Stats(profile).sort_stats('tottime').print_stats(12)


if __name__ == '__main__':
    main()
