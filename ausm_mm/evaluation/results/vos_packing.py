"""Label maps as palette PNGs, and the zips that servers of hidden ground truth take."""
from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np
from PIL import Image

from ausm_mm.datasets.errors import DataError
from ausm_mm.datasets.images import frame_size
from ausm_mm.datasets.masks import open_mask, read_label_map
from ausm_mm.datasets.palettes import voc_palette
from ausm_mm.errors import UserError
from ausm_mm.utils.files import PathLike, renamed_when_complete
from ..functional.davis import object_ids
from ..functional.rle import decode
from .archives import write_zip
from .vos_files import list_masks, list_sequences

if TYPE_CHECKING:
    from ausm_mm.structures import Track

# Folder above the sequences in the zip; DAVIS and MOSE want the sequences at the top.
ZIP_FOLDERS = {'davis': '', 'mose': '', 'youtube-vos': 'Annotations/'}
_FRAME_SUFFIXES = ('.jpg', '.jpeg', '.png')


def write_label_map(label_map: np.ndarray, path: PathLike) -> None:
    """Writes a label map as an indexed PNG in the colours of DAVIS.

    Args:
        label_map: uint8 (H, W): object ids, 0 is background.
        path: The file; it appears when it is complete.
    """
    image = Image.fromarray(np.asarray(label_map, np.uint8), mode='P')
    image.putpalette([channel for color in voc_palette() for channel in color])
    with renamed_when_complete(path) as temporary:
        image.save(temporary, format='PNG')


class ExpectedSequence(NamedTuple):
    """What a server wants for one sequence.

    stems: Names of the frames without suffix, in order.
    size: Height and width of the frames.
    ids: The objects of the first masks.
    """
    stems: List[str]
    size: Tuple[int, int]
    ids: List[int]


def write_tracks(tracks: Sequence[Track], prompts: Mapping[int, Sequence[Track]],
                 sequence: ExpectedSequence, folder: PathLike) -> None:
    """Writes the masks of one sequence, one indexed PNG a frame.

    Args:
        tracks: Predictions whose masks do not overlap.
        prompts: Frame -> the objects given in it: there an object has the mask that was given.
        sequence: Names and size of the frames.
        folder: Of the PNGs.
    """
    for t, stem in enumerate(sequence.stems):
        label_map = np.zeros(sequence.size, np.uint8)
        for track in (*tracks, *prompts.get(t, ())):
            label_map[decode(track.segmentations[t], *sequence.size)] = track.object_id
        write_label_map(label_map, Path(folder) / f'{stem}.png')


def pack_vos(folder: PathLike, sequences: Mapping[str, ExpectedSequence], path: PathLike,
             layout: str) -> None:
    """Packs predicted PNGs for a server, with the names it looks for and nothing else.

    Args:
        folder: Holds a folder of PNGs for each sequence.
        sequences: Sequence name -> frames; other files are left out.
        path: The zip; it appears when it is complete.
        layout: A key of :data:`ZIP_FOLDERS`.
    """
    with write_zip(path, zipfile.ZIP_STORED) as add:  # the PNGs are compressed already
        for name, sequence in sequences.items():
            for stem in sequence.stems:
                add(f'{ZIP_FOLDERS[layout]}{name}/{stem}.png',
                    (Path(folder) / name / f'{stem}.png').read_bytes())


def read_test_set(frames: PathLike, prompts: PathLike,
                  names: Sequence[str]) -> Dict[str, ExpectedSequence]:
    """The sequences that need a prediction.

    Args:
        frames: ``JPEGImages`` of the test set, a folder of frames for each sequence.
        prompts: ``Annotations`` of the test set, with the first masks of every object.
        names: The sequences.

    Raises:
        UserError: If a sequence has no frame or no mask.
    """
    sequences = {}
    for name in names:
        paths = sorted(path for path in (Path(frames) / name).glob('*')
                       if path.suffix.lower() in _FRAME_SUFFIXES)
        if not paths:
            raise UserError(f'{Path(frames) / name}: holds no frame; correct the path or the list '
                            'of sequences')
        ids = {i for path in list_masks(Path(prompts) / name)
               for i in object_ids(read_label_map(str(path)))}
        sequences[name] = ExpectedSequence(
            [path.stem for path in paths], frame_size(str(paths[0])), sorted(ids))
    return sequences


def find_vos_problems(predictions: PathLike,
                      sequences: Mapping[str, ExpectedSequence]) -> Iterator[str]:
    """What a server would refuse or score wrongly, one line each.

    Args:
        predictions: Folder that holds a folder of PNGs for each sequence.
        sequences: As :func:`read_test_set` gives them.
    """
    for name in list_sequences(predictions):
        if name not in sequences:
            yield f'{Path(predictions) / name}: is no sequence of the test set; remove it'
    for name, sequence in sequences.items():
        folder = Path(predictions) / name
        if not folder.is_dir():
            yield f'{folder}: the sequence is missing; predict it'
            continue
        for stem in sequence.stems:
            yield from _mask_problems(folder / f'{stem}.png', sequence.size, sequence.ids)
        expected = set(sequence.stems)
        for path in sorted(folder.iterdir()):
            if path.stem not in expected or path.suffix != '.png':
                yield f'{path}: belongs to no frame of the test set; remove it'


def _mask_problems(path: Path, size: Tuple[int, int], ids: Sequence[int]) -> Iterator[str]:
    """Problems of one PNG that should have a size (height, width) and no other ids."""
    if not path.exists():
        yield f'{path}: is missing; write a mask for every frame, also where it is empty'
        return
    try:
        image = open_mask(str(path))
    except DataError as error:
        yield str(error)
        return
    if image.mode != 'P':
        yield (f'{path}: has the mode {image.mode}, not a palette (P); write object ids with a '
               'palette')
        return
    values = np.array(image)
    if values.shape != tuple(size):
        yield (f'{path}: is {values.shape[1]} x {values.shape[0]} (width x height), the frame '
               f'{size[1]} x {size[0]}; resize masks to the size of the frames')
    unknown = [i for i in object_ids(values) if i not in ids]
    if unknown:
        yield (f'{path}: has the ids {unknown}, but the first masks of the sequence have {ids}; '
               'keep their ids')
