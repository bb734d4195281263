"""Results of a test run on disk, one video after the other, and what a server takes of them."""
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional

from ausm_mm.datasets import (
    COCOVideoDataset,
    DAVISDataset,
    YouTubeVISDataset,
    YouTubeVOSDataset,
)
from ausm_mm.datasets.base_video import BaseVideoDataset
from ausm_mm.errors import UserError
from ausm_mm.structures import ClipDataSample, Track
from ausm_mm.utils import write_json
from ausm_mm.utils.files import PathLike
from .coco_files import mask_results
from .json_files import load_json
from .vis_files import category_ids, find_vis_problems, pack_vis, track_results
from .vos_packing import (
    ZIP_FOLDERS,
    ExpectedSequence,
    find_vos_problems,
    pack_vos,
    write_tracks,
)

# What is packed for which data sets and tasks; no server takes the others.
LAYOUTS = {
    (YouTubeVISDataset, 'unprompted'): 'youtube-vis',
    (COCOVideoDataset, 'unprompted'): 'coco',
    (YouTubeVOSDataset, 'prompted'): 'youtube-vos',
    (DAVISDataset, 'prompted'): 'davis',  # MOSE's is the same
}
ORIGIN = 'made_of.json'


class Packed(NamedTuple):
    """A zip for a server, and what the checker says of it, one line each."""
    path: Path
    problems: List[str]


def claim_folder(folder: PathLike, origin: Dict[str, str]) -> None:
    """Makes a folder the place of results of one kind.

    Args:
        folder: New, empty, or with results of the same origin, which will be gone on with.
        origin: What the results are made of: name -> digest.

    Raises:
        UserError: If the folder holds anything else.
    """
    path = Path(folder) / ORIGIN
    if path.exists():
        found = load_json(path)
        other = [name for name, digest in origin.items() if found.get(name) != digest]
        if other:
            raise UserError(f'{folder}: holds results of another {" and ".join(other)}; give '
                            'another folder with --results, or remove this one')
    elif Path(folder).exists() and any(Path(folder).iterdir()):
        raise UserError(f'{folder}: holds other files; give a new folder with --results')
    else:
        write_json(origin, path)


def remove_unfinished(folder: PathLike) -> None:
    """Removes what a run was writing when it was killed (see ``renamed_when_complete``)."""
    for path in Path(folder).rglob('.*'):
        path.unlink()


class StoredResults:
    """The results of one data set of a test run.

    ``FOLDER/NAME/tracks/ID.json`` holds the tracks of a video and appears when it is done;
    ``FOLDER/NAME/masks/VIDEO/FRAME.png`` are the masks where the server takes those, and
    ``FOLDER/NAME.zip`` is for the server.

    Args:
        dataset: Of the test run.
        folder: Of the test run's results.
    """

    def __init__(self, dataset: BaseVideoDataset, folder: PathLike) -> None:
        self.dataset = dataset
        self.name = results_name(dataset.dataset_name, dataset.task)
        self.folder = Path(folder) / self.name
        self.layout = next((layout for (kind, task), layout in LAYOUTS.items()
                            if isinstance(dataset, kind) and dataset.task == task), None)
        self._masks = self.folder / 'masks' if self.layout in ZIP_FOLDERS else None

    def count(self) -> int:
        """How many videos are done."""
        return len(list(self.folder.glob('tracks/[!.]*.json')))

    def load(self, sample: ClipDataSample) -> bool:
        """Sets ``pred_tracks`` of a sample from an earlier run; false if there are none.

        Raises:
            UserError: If the file is damaged or of another video.
        """
        path = self._path(sample.video_id)
        masks = [self._masks / sample.video_name / f'{stem}.png'
                 for stem in _frame_stems(sample.img_paths)] if self._masks else []
        if not all(file.exists() for file in (path, *masks)):
            return False
        content = load_json(path)
        if (content['video_name'], content['n_frames']) != (
                sample.video_name, len(sample.img_paths)):
            raise UserError(
                f'{path}: holds {content["video_name"]} with {content["n_frames"]} frames, the '
                f'data set {sample.video_name} with {len(sample.img_paths)}; give another folder '
                'with --results')
        sample.pred_tracks = _decode_tracks(content['tracks'])
        return True

    def save(self, sample: ClipDataSample) -> None:
        """Stores ``pred_tracks`` of a sample."""
        if self._masks:
            sequence = ExpectedSequence(_frame_stems(sample.img_paths), sample.ori_shape, [])
            write_tracks(sample.pred_tracks, sample.prompts, sequence,
                         self._masks / sample.video_name)
        # Last, since it says that the video is done.
        write_json(dict(video_name=sample.video_name, n_frames=len(sample.img_paths),
                        tracks=_encode_tracks(sample.pred_tracks)), self._path(sample.video_id))

    def pack(self) -> Optional[Packed]:
        """Packs the results of all videos and checks them; None if no server takes them."""
        if self.layout is None:
            return None
        path = self.folder.with_name(f'{self.name}.zip')
        if self._masks:
            sequences = {info['video_name']: ExpectedSequence(
                _frame_stems(info['img_paths']), (info['height'], info['width']),
                [obj['object_id'] for obj in info['objects']]) for info in self._infos()}
            pack_vos(self._masks, sequences, path, self.layout)
            return Packed(path, list(find_vos_problems(self._masks, sequences)))
        annotation = load_json(self.dataset.ann_file)
        ids = category_ids(self.dataset.metainfo['classes'], annotation, self.dataset.ann_file)
        results = [result for info in self._infos() for result in track_results(
            info['video_id'],
            _decode_tracks(load_json(self._path(info['video_id']))['tracks']), ids)]
        if self.layout == 'coco':
            pack_vis(mask_results(results), path)
            return Packed(path, [])
        pack_vis(results, path)
        return Packed(path, list(find_vis_problems(results, annotation)))

    def _infos(self) -> Iterator[Dict]:
        return (self.dataset.get_data_info(index) for index in range(len(self.dataset)))

    def _path(self, video_id: int) -> Path:
        return self.folder / 'tracks' / f'{video_id}.json'


def results_name(dataset_name: str, task: str) -> str:
    """What the results of a data set are called."""
    return f'{dataset_name}-{task}'


def is_hidden(dataset: BaseVideoDataset) -> bool:
    """Whether nothing can be scored: no object is annotated, or, of prompted data, only in its
    first frame."""
    known = 1 if dataset.task == 'unprompted' else 2  # masks
    return not any(
        sum(segmentation is not None for segmentation in obj['segmentations']) >= known
        for index in range(len(dataset)) for obj in dataset.get_data_info(index)['objects'])


def _frame_stems(img_paths: List[str]) -> List[str]:
    return [Path(path).stem for path in img_paths]


def _encode_tracks(tracks: List[Track]) -> List[Dict]:
    return [dict(vars(track), segmentations=[
        rle and dict(rle, counts=rle['counts'].decode()) for rle in track.segmentations])
        for track in tracks]


def _decode_tracks(tracks: List[Dict]) -> List[Track]:
    return [Track(**dict(track, segmentations=[
        rle and dict(rle, counts=rle['counts'].encode()) for rle in track['segmentations']]))
        for track in tracks]
