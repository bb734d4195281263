"""Mask PNGs of DAVIS, MOSE and YouTube-VOS: one folder a sequence, one indexed PNG a frame."""
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

import numpy as np

from ausm_mm.datasets.masks import load_label_map, read_label_map
from ausm_mm.errors import UserError
from ausm_mm.utils.files import PathLike
from ..functional.davis import FrameScore, score_label_maps
from .json_files import load_json


def score_vos_folders(ground_truth: PathLike, predictions: PathLike,
                      names: Optional[Sequence[str]] = None,
                      skip_last: bool = True) -> Dict[str, Dict[int, List[FrameScore]]]:
    """Scores every annotated frame; frames of the predictions without annotation are not read.

    Args:
        ground_truth, predictions: Folders that hold a folder of PNGs for each sequence.
        names: The sequences to score, or None for all of the ground truth.
        skip_last: As in :func:`~ausm_mm.evaluation.functional.score_label_maps`.

    Returns:
        Sequence name -> object id -> scored frames; ``frame`` is the position among the annotated
        frames, from 0.

    Raises:
        UserError: Naming the file, the value and the cure.
    """
    scores = {}
    for name in names or list_sequences(ground_truth):
        truths = list_masks(Path(ground_truth) / name)
        folder = Path(predictions) / name
        if not folder.is_dir():
            raise UserError(f'{folder}: is not a folder, but the ground truth has the sequence '
                            f'{name}; predict it, or leave it out of --sequences')
        missing = [path.name for path in truths if not (folder / path.name).exists()]
        if missing:
            raise UserError(f'{folder / missing[0]}: is missing; {len(missing)} of the '
                            f'{len(truths)} annotated frames have no mask: write one for each, '
                            'also where it is empty')
        pairs = _read_pairs(truths, folder)
        scores[name] = score_label_maps(pairs, len(truths), f'{folder}', skip_last)
    return scores


def list_sequences(folder: PathLike) -> List[str]:
    """Names of the folders in a folder, sorted; at least one.

    Raises:
        UserError: If there is none.
    """
    folder = Path(folder)
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) \
        if folder.is_dir() else []
    if not names:
        raise UserError(f'{folder}: holds no folder of a sequence; give the folder above those '
                        'with the PNGs')
    return names


def list_masks(folder: PathLike) -> List[Path]:
    """The PNGs of a sequence in order; at least one.

    Raises:
        UserError: If there is none.
    """
    masks = sorted(Path(folder).glob('*.png'))
    if not masks:
        raise UserError(f'{folder}: holds no PNG; correct the path or the list of sequences')
    return masks


def read_names(path: PathLike) -> List[str]:
    """The sequences of a list like ``ImageSets/2017/val.txt``, one name a line.

    Raises:
        UserError: If it cannot be read or is empty.
    """
    try:
        names = Path(path).read_text().split()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'{path}: cannot be read ({error}); give a text file') from None
    if not names:
        raise UserError(f'{path}: names no sequence; write one name a line')
    return names


def read_youtube_vos_meta(meta: PathLike, train_meta: PathLike) \
        -> Tuple[Dict[str, Dict[int, str]], Set[str]]:
    """Categories of the objects, and the seen categories, as ``youtube_vos_summary`` takes them.

    Args:
        meta, train_meta: The ``meta.json`` of the scored videos and of the training set.

    Raises:
        UserError: If one of them is malformed or names no categories.
    """
    categories = _read_categories(meta)
    train = _read_categories(train_meta)
    return categories, {category for objects in train.values() for category in objects.values()}


def _read_categories(path: PathLike) -> Dict[str, Dict[int, str]]:
    content = load_json(path)
    try:
        return {name: {int(i): obj['category'] for i, obj in video['objects'].items()}
                for name, video in content['videos'].items()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f'{path}: is no meta.json of YouTube-VOS with the category of every object '
                        f'({type(error).__name__}: {error}); take one that has them') from None


def _read_pairs(truths: Sequence[Path], folder: Path) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    for path in truths:
        truth = read_label_map(str(path))
        yield load_label_map(str(folder / path.name), *truth.shape), truth
