"""Writes the synthetic set in the YouTube-VIS and the DAVIS layout."""
import json
import os
import shutil
from pathlib import Path
from typing import Dict, List, Tuple

import cv2
import numpy as np
from PIL import Image
from pycocotools import mask as mask_util

from ..errors import DataError
from .options import SPLITS, SyntheticOptions
from .scene import Clip, render_clip

GENERATOR_VERSION = 2  # counts up when the same options give other pictures
JPEG_QUALITY = 95


def davis_palette() -> List[int]:
    """The 256 colours of the DAVIS and PASCAL VOC masks, flat: r, g, b, r, ..."""
    palette = np.zeros((256, 3), int)
    index = np.arange(256)
    for bit in range(8):
        for channel in range(3):
            palette[:, channel] |= ((index >> (3 * bit + channel)) & 1) << (7 - bit)
    return palette.ravel().tolist()


def _write_frames(clip: Clip, ytvis: Path, davis: Tuple[Path, Path]) -> None:
    """JPEGs once, linked into the second layout; palette PNGs for the second one."""
    davis_images, davis_masks = davis
    for folder in (ytvis, davis_images, davis_masks):
        folder.mkdir(parents=True)
    palette = davis_palette()
    for t, (frame, label_map) in enumerate(zip(clip.frames, clip.label_maps, strict=True)):
        jpeg = ytvis / f'{t:05d}.jpg'
        if not cv2.imwrite(str(jpeg), frame, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
            raise DataError(f'{jpeg}: cannot be written; is the disk full?')
        os.link(jpeg, davis_images / jpeg.name)
        mask = Image.fromarray(label_map)
        mask.putpalette(palette)
        mask.save(davis_masks / f'{t:05d}.png')


def _annotations(clip: Clip, video_id: int, first_id: int) -> List[Dict]:
    """YouTube-VIS annotations of a clip, one dict for each object."""
    annotations = []
    for i, label in enumerate(clip.labels):
        masks = clip.label_maps == i + 1
        rles = [mask_util.encode(np.asfortranarray(m, np.uint8)) if m.any() else None
                for m in masks]
        annotations.append(dict(
            id=first_id + i,
            video_id=video_id,
            category_id=label + 1,
            iscrowd=0,
            segmentations=[
                rle and dict(size=rle['size'], counts=rle['counts'].decode()) for rle in rles],
            bboxes=[None if rle is None else mask_util.toBbox(rle).tolist() for rle in rles],
            areas=[None if rle is None else int(mask_util.area(rle)) for rle in rles]))
    return annotations


def hidden_frames(label_maps: np.ndarray, num_objects: int) -> Tuple[int, int]:
    """Counts object-frames after each object's first visible frame.

    Args:
        label_maps: (T, H, W), i + 1 where the i-th object is visible.
        num_objects: N; each is visible somewhere.

    Returns:
        tuple[int, int]: How many of them are hidden, and how many there are.
    """
    hidden = total = 0
    for i in range(num_objects):
        visible = (label_maps == i + 1).any(axis=(1, 2))
        after = visible[visible.argmax() + 1:]
        hidden += int((~after).sum())
        total += len(after)
    return hidden, total


def _write_split(root: Path, split: str, options: SyntheticOptions) -> Dict:
    """Writes one split in both layouts and returns its statistics."""
    height, width = options.size
    resolution = f'{height}p'
    videos, annotations = [], []
    hidden = total = frames = 0
    for index in range(options.num_clips(split)):
        clip = render_clip(options, split, index)
        name = f'{split}_{index:05d}'
        davis = (root / 'davis/JPEGImages' / resolution / name,
                 root / 'davis/Annotations' / resolution / name)
        _write_frames(clip, root / 'ytvis' / split / 'JPEGImages' / name, davis)
        videos.append(dict(
            id=index + 1, name=name, height=height, width=width, length=len(clip.frames),
            file_names=[f'{name}/{t:05d}.jpg' for t in range(len(clip.frames))]))
        annotations += _annotations(clip, index + 1, len(annotations) + 1)
        clip_hidden, clip_total = hidden_frames(clip.label_maps, len(clip.labels))
        hidden, total, frames = hidden + clip_hidden, total + clip_total, frames + len(clip.frames)

    categories = [dict(id=i + 1, name=name) for i, name in enumerate(options.classes)]
    annotation_file = root / 'ytvis' / f'{split}.json'
    annotation_file.parent.mkdir(exist_ok=True)
    annotation_file.write_text(json.dumps(dict(
        info=dict(description='ausm_mm synthetic videos'), videos=videos, categories=categories,
        annotations=annotations)))
    image_set = root / 'davis/ImageSets' / f'{split}.txt'
    image_set.parent.mkdir(parents=True, exist_ok=True)
    image_set.write_text(''.join(f"{video['name']}\n" for video in videos))
    return dict(
        clips=len(videos), frames=frames, objects=len(annotations),
        object_frames_after_birth=total, hidden_object_frames=hidden,
        hidden_share=round(hidden / max(total, 1), 4))


def _reusable_stats(out: Path, identity: Dict) -> Dict:
    """Statistics of the set that is already in ``out``; an error if it is another one."""
    stats_file = out / 'stats.json'
    if not stats_file.is_file():
        raise DataError(f'{out}: exists and is not a synthetic set (no stats.json); '
                        'choose another folder')
    stats = json.loads(stats_file.read_text())
    found = dict(stats['options'], generator_version=stats['generator_version'])
    differing = [f'{key} is {found.get(key)} there and {value} here'
                 for key, value in identity.items() if found.get(key) != value]
    if differing:
        raise DataError(f"{out}: holds a synthetic set with other options ({'; '.join(differing)});"
                        ' delete it or choose another folder')
    return stats


def write_synthetic(out, options: SyntheticOptions) -> Dict:
    """Writes the set to ``out``, or reuses the one that is there with the same options.

    The set is written to a folder beside ``out`` and renamed when it is complete.

    Args:
        out (str | Path): The folder to create.
        options: What to write.

    Returns:
        dict: What ``stats.json`` holds: ``options``, ``generator_version`` and ``splits``, for
        each split the number of clips, frames and objects and the share of hidden object-frames.

    Raises:
        DataError: If ``out`` holds anything else.
    """
    out = Path(out).absolute()
    options_json = options.as_json()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        return _reusable_stats(out, dict(options_json, generator_version=GENERATOR_VERSION))
    temporary = out.with_name(f'.{out.name}.{os.getpid()}.tmp')
    temporary.mkdir(parents=True)
    try:
        splits = {split: _write_split(temporary, split, options) for split in SPLITS}
        stats = dict(options=options_json, generator_version=GENERATOR_VERSION, splits=splits)
        (temporary / 'stats.json').write_text(json.dumps(stats, indent=2) + '\n')
        os.replace(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return stats
