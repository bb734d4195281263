"""Pictures of an evaluation: curves, and the worst clips as contact sheets of masks."""
from pathlib import Path
from typing import Collection, Dict, List, Mapping, Optional, Sequence, Tuple

import cv2
import numpy as np
from matplotlib.figure import Figure
from pycocotools.cocoeval import COCOeval

from ausm_mm.datasets.masks import read_label_map
from ausm_mm.utils.files import PathLike, renamed_when_complete
from ausm_mm.visualization import contact_sheet, evenly_spaced, object_color, write_png
from ..functional.rle import area, decode
from ..functional.vis_ap import mean_of_valid
from .vos_files import list_masks

N_WORST = 5
N_COLUMNS = 6
SHEET_WIDTH = 240  # of one frame in a contact sheet, in pixels


def plot_vis(evaluation: COCOeval, folder: PathLike) -> None:
    """Draws ``precision_recall.png`` and the worst videos, ``worst_1_VIDEO.png`` and so on.

    The worst are those whose objects have the lowest best IoU with any track of their class; each
    object is drawn with that track, in one colour.

    Args:
        evaluation: From :func:`~ausm_mm.evaluation.functional.vis_ap.evaluate_tracks`.
        folder: Created as needed.
    """
    folder = Path(folder)
    _plot_precision(evaluation, folder / 'precision_recall.png')
    visible = {t['video_id'] for t in evaluation.truths if any(t['segmentations'])}
    for rank, video_id in enumerate(_worst(evaluation, visible), start=1):
        truths, matches = _best_matches(evaluation, video_id)
        size = next(rle['size'] for t in truths for rle in t['segmentations'] if rle)
        frames = evenly_spaced(len(truths[0]['segmentations']), N_COLUMNS)
        rows = {
            title: [_flatten([t and t['segmentations'][frame] for t in tracks], size)
                    for frame in frames]
            for title, tracks in (('ground truth', truths), ('best match', matches))
        }
        _draw_sheet(rows, frames, folder / f'worst_{rank}_{video_id}.png')


def plot_coco(evaluation: COCOeval, folder: PathLike) -> None:
    """Draws ``precision_recall.png`` and the worst images, ``worst_1_IMAGE.png`` and so on.

    Args:
        evaluation: From :func:`~ausm_mm.evaluation.functional.coco_ap.evaluate_masks`.
        folder: Created as needed.
    """
    folder = Path(folder)
    _plot_precision(evaluation, folder / 'precision_recall.png')
    for rank, image_id in enumerate(_worst(evaluation, evaluation.cocoGt.imgToAnns), start=1):
        truths, matches = _best_matches(evaluation, image_id)
        size = evaluation.cocoGt.imgs[image_id]['height'], evaluation.cocoGt.imgs[image_id]['width']
        rows = {title: [_flatten([m and m['segmentation'] for m in shown], size)]  # RLEs by now
                for title, shown in (('ground truth', truths), ('best match', matches))}
        _draw_sheet(rows, [0], folder / f'worst_{rank}_{image_id}.png')


def plot_vos(scores: Mapping[str, Mapping[int, Sequence[Dict]]], ground_truth: PathLike,
             predictions: PathLike, folder: PathLike) -> None:
    """Draws ``frames_SEQUENCE.png``, J&F of every frame, and the worst sequences,
    ``worst_1_SEQUENCE.png`` and so on.

    Args:
        scores: From :func:`.vos_files.score_vos_folders`.
        ground_truth, predictions: The folders that it scored.
        folder: Created as needed.
    """
    folder, means = Path(folder), {}
    for name, objects in scores.items():
        figure, axes = _figure('annotated frame', 'J&F')
        for object_id, frames in objects.items():
            values = [(frame['J'] + frame['F']) / 2 for frame in frames]
            axes.plot([frame['frame'] for frame in frames], values, label=f'object {object_id}')
            means.setdefault(name, []).extend(values)
        _save(figure, axes, folder / f'frames_{name}.png')
    worst = sorted((name for name in means if means[name]), key=lambda name: np.mean(means[name]))
    for rank, name in enumerate(worst[:N_WORST], start=1):
        truths = list_masks(Path(ground_truth) / name)
        frames = evenly_spaced(len(truths), N_COLUMNS)
        rows = {
            title: [read_label_map(str(Path(source) / name / truths[frame].name))
                    for frame in frames]
            for title, source in (('ground truth', ground_truth), ('prediction', predictions))
        }
        _draw_sheet(rows, frames, folder / f'worst_{rank}_{name}.png')


def _plot_precision(evaluation: COCOeval, path: Path) -> None:
    """Precision over recall, mean over the classes, at every second IoU threshold."""
    precision = evaluation.eval['precision'][..., 0, -1]  # (T, R, K)
    figure, axes = _figure('recall', 'precision')
    for index, threshold in list(enumerate(evaluation.params.iouThrs))[::2]:
        curve = [mean_of_valid(values) for values in precision[index]]
        axes.plot(evaluation.params.recThrs, curve, label=f'IoU {threshold:.2f}')
    _save(figure, axes, path)


def _worst(evaluation: COCOeval, candidates: Collection[int]) -> List[int]:
    """Of some videos or images, those with the lowest mean of the objects' best IoU first."""
    best: Dict[int, List[float]] = {}
    for (owner_id, category_id), ious in evaluation.ious.items():
        n_objects = len(evaluation._gts[owner_id, category_id])
        if n_objects and owner_id in candidates:
            values = np.max(ious, axis=0).tolist() if len(ious) else [0.0] * n_objects
            best.setdefault(owner_id, []).extend(values)
    return sorted(best, key=lambda owner_id: np.mean(best[owner_id]))[:N_WORST]


def _best_matches(evaluation: COCOeval, owner_id: int) -> Tuple[List[Dict], List[Optional[Dict]]]:
    """The objects of a video or image, and what overlaps each of them the most."""
    truths, matches = [], []
    for category_id in evaluation.params.catIds:
        key = owner_id, category_id
        predictions = sorted(evaluation._dts[key], key=lambda p: -p['score'])  # the rows of ious
        truths += evaluation._gts[key]
        for column in range(len(evaluation._gts[key])):
            ious = evaluation.ious[key][:, column] if predictions else np.zeros(1)
            matches.append(predictions[np.argmax(ious)] if ious.max() else None)
    return truths, matches


def _flatten(masks: Sequence[Optional[Dict]], size: Sequence[int]) -> np.ndarray:
    """Label map of the RLEs of one frame, numbered from 1; the smallest lies on top."""
    label_map = np.zeros(size, np.uint8)
    for index, rle in sorted(enumerate(masks), key=lambda pair: -area(pair[1])):
        label_map[decode(rle, *size)] = index % 255 + 1
    return label_map


def _draw_sheet(rows: Mapping[str, Sequence[np.ndarray]], frames: Sequence[int],
                path: Path) -> None:
    """Writes a contact sheet of label maps (H, W), one per row and frame."""
    write_png(path, contact_sheet(
        {title: [_picture(label_map) for label_map in maps] for title, maps in rows.items()},
        frames))


def _picture(label_map: np.ndarray) -> np.ndarray:
    """Label map (H, W) as a small BGR image in the colours of the ids."""
    colors = np.array([(40, 40, 40), *(object_color(i) for i in range(1, 256))], np.uint8)
    height, width = label_map.shape
    size = SHEET_WIDTH, max(round(SHEET_WIDTH * height / width), 1)
    return colors[cv2.resize(label_map, size, interpolation=cv2.INTER_NEAREST)]


def _figure(x_label: str, y_label: str):
    figure = Figure(figsize=(7, 4))
    axes = figure.add_subplot(xlabel=x_label, ylabel=y_label, ylim=(0, 1.02))
    return figure, axes


def _save(figure, axes, path: Path) -> None:
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(fontsize='small')
    with renamed_when_complete(path) as temporary:
        figure.savefig(temporary, dpi=120, bbox_inches='tight')
