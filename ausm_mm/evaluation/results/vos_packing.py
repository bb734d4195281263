"""Label maps as palette PNGs, and the zips that servers of hidden ground truth take."""
import zipfile
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np
from PIL import Image

from ausm_mm.datasets.images import frame_size
from ausm_mm.datasets.masks import read_label_map
from ausm_mm.datasets.palettes import voc_palette
from ausm_mm.errors import UserError
from ausm_mm.utils.files import PathLike, renamed_when_complete
from ..functional.davis import object_ids
from .vos_files import list_masks, list_sequences

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


def pack_vos(folder: PathLike, frames: Mapping[str, Sequence[str]], path: PathLike,
             layout: str) -> None:
    """Packs predicted PNGs for a server, with the names it looks for and nothing else.

    Args:
        folder: Holds a folder of PNGs for each sequence.
        frames: Sequence name -> names of its frames without suffix, as :func:`list_frames` gives
            them; other files are left out.
        path: The zip; it appears when it is complete.
        layout: A key of :data:`ZIP_FOLDERS`.
    """
    with renamed_when_complete(path) as temporary:
        # The PNGs are compressed already.
        with zipfile.ZipFile(temporary, 'w', zipfile.ZIP_STORED) as archive:
            for name, stems in frames.items():
                for stem in stems:
                    archive.write(Path(folder) / name / f'{stem}.png',
                                  f'{ZIP_FOLDERS[layout]}{name}/{stem}.png')


def list_frames(folder: PathLike, names: Sequence[str]) -> Dict[str, List[Path]]:
    """The frames that need a prediction: sequence name -> files in order.

    Args:
        folder: ``JPEGImages`` of the test set, a folder of frames for each sequence.
        names: The sequences.

    Raises:
        UserError: If a sequence has no frame.
    """
    frames = {}
    for name in names:
        frames[name] = sorted(path for path in (Path(folder) / name).glob('*')
                              if path.suffix.lower() in _FRAME_SUFFIXES)
        if not frames[name]:
            raise UserError(f'{Path(folder) / name}: holds no frame; correct the path or the list '
                            'of sequences')
    return frames


def find_vos_problems(predictions: PathLike, frames: Mapping[str, Sequence[Path]],
                      prompts: PathLike) -> Iterator[str]:
    """What a server would refuse or score wrongly, one line each.

    Args:
        predictions: Folder that holds a folder of PNGs for each sequence.
        frames: As :func:`list_frames` gives them.
        prompts: ``Annotations`` of the test set, with the first masks of every object.
    """
    for name in list_sequences(predictions):
        if name not in frames:
            yield f'{Path(predictions) / name}: is no sequence of the test set; remove it'
    for name, paths in frames.items():
        folder = Path(predictions) / name
        if not folder.is_dir():
            yield f'{folder}: the sequence is missing; predict it'
            continue
        size = frame_size(str(paths[0]))
        ids = _prompted_ids(Path(prompts) / name)
        for path in paths:
            yield from _mask_problems(folder / f'{path.stem}.png', size, ids)
        expected = {path.stem for path in paths}
        for path in sorted(folder.iterdir()):
            if path.stem not in expected or path.suffix != '.png':
                yield f'{path}: belongs to no frame of the test set; remove it'


def _prompted_ids(folder: Path) -> List[int]:
    return sorted({i for path in list_masks(folder) for i in object_ids(read_label_map(str(path)))})


def _mask_problems(path: Path, size: Tuple[int, int], ids: Sequence[int]) -> Iterator[str]:
    """Problems of one PNG that should have a size (height, width) and no other ids."""
    try:
        with Image.open(path) as image:
            mode, values = image.mode, np.array(image)
    except FileNotFoundError:
        yield f'{path}: is missing; write a mask for every frame, also where it is empty'
        return
    except (OSError, SyntaxError) as error:
        yield f'{path}: is not a readable PNG ({error}); write it again'
        return
    if mode != 'P':
        yield f'{path}: has the mode {mode}, not a palette (P); write object ids with a palette'
        return
    if values.shape != tuple(size):
        yield (f'{path}: is {values.shape[1]} x {values.shape[0]} (width x height), the frame '
               f'{size[1]} x {size[0]}; resize masks to the size of the frames')
    unknown = [i for i in object_ids(values) if i not in ids]
    if unknown:
        yield (f'{path}: has the ids {unknown}, but the first masks of the sequence have {ids}; '
               'keep their ids')
