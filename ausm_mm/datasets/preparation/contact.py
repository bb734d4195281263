"""Pictures of a data set's annotation."""
from pathlib import Path
from typing import Dict, List

import numpy as np

from ausm_mm.visualization.contact_sheet import contact_sheet
from ausm_mm.visualization.overlay import draw_tracks
from ausm_mm.visualization.video_writer import write_png
from ...registry import DATASETS
from ...structures import Track
from ..frame_reader import FrameReader
from ..images import check_size
from ..masks import encode_mask, video_masks

_COLUMNS = 4
_HEIGHT = 240


def write_samples(config: Dict, out: Path, count: int, seed: int = 0) -> List[Path]:
    """Draws random videos, four annotated frames of each with masks, ids and classes.

    Args:
        config: Of the data set's reader.
        out: Folder to write ``{dataset}-{video}.png`` to.
        count: Number of videos, or all if there are fewer.
        seed: Decides which ones.

    Returns:
        The files.

    Raises:
        DataError: If a file is missing or damaged.
    """
    dataset = DATASETS.build(dict(config, test_mode=True))
    picks = np.random.default_rng(seed).permutation(len(dataset))[:count]
    files = []
    for i in sorted(picks.tolist()):
        info = dataset.get_data_info(i)
        name = str(info['video_name']).replace('/', '_')
        path = Path(out) / f"{info['dataset_name']}-{name}.png"
        write_png(path, _draw(info))
        files.append(path)
    return files


def _draw(info: Dict) -> np.ndarray:
    known = info['annotated_frames'] or list(range(len(info['img_paths'])))
    columns = np.linspace(0, len(known) - 1, min(_COLUMNS, len(known))).round().astype(int)
    frames = [known[column] for column in columns]
    read = FrameReader()
    plain, drawn = [], []
    for t in frames:
        path = info['img_paths'][t]
        image = check_size(read(path), path, info['height'], info['width'])
        masks = video_masks(info, t)
        tracks = [Track(obj['object_id'], obj['label'], 1., [encode_mask(mask)])
                  for obj, mask in zip(info['objects'], masks, strict=True)]
        plain.append(draw_tracks(image, [], 0, info['classes'], _HEIGHT))
        drawn.append(draw_tracks(image, tracks, 0, info['classes'], _HEIGHT))
    return contact_sheet(dict(frames=plain, annotation=drawn), frames)
