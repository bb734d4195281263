"""Results of one video as an mp4 and a contact sheet, several modes side by side."""
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Sequence, Tuple

import numpy as np

from ausm_mm.registry import VISUALIZERS
from ausm_mm.structures import Track
from .contact_sheet import contact_sheet, evenly_spaced
from .overlay import check_tracks, draw_tracks, resize_frame
from .text import text_bar
from .video_writer import write_png, write_video

TITLE_BAR, GAP = 24, 2  # pixels; even, as video codecs want the whole frame
INPUT = 'input'


@VISUALIZERS.register_module()
class TrackVisualizer:
    """Draws tracks over whole videos, as the paper's Figures 6 and 7 do.

    Args:
        video_height: Height of each panel of the mp4, in pixels (even).
        tile_height: Height of each picture of the contact sheet, in pixels.
        n_columns: Number of frames on the contact sheet.
        fps: Frames per second of the mp4.
    """

    def __init__(self,
                 video_height: int = 288,
                 tile_height: int = 176,
                 n_columns: int = 6,
                 fps: float = 10) -> None:
        self.video_height = video_height
        self.tile_height = tile_height
        self.n_columns = n_columns
        self.fps = fps

    def write(self, out_dir: str, name: str, frames: Sequence[np.ndarray],
              modes: Mapping[str, List[Track]], classes: Sequence[str]) -> Tuple[Path, Path]:
        """Writes ``<name>.mp4`` and ``<name>.png``.

        Args:
            out_dir: Folder, created if needed.
            name: Name of the video.
            frames: uint8 BGR (H, W, 3) at the size of the masks, one per frame of the tracks;
                ``ImageFiles(img_paths)`` reads them one by one.
            modes: Title -> tracks, for example ground truth, unprompted, prompted. The frames
                themselves come first, as 'input'.
            classes: Names of the tracks' labels.

        Returns:
            The paths of the mp4 and of the PNG.

        Raises:
            ValueError: If there is no frame, a file cannot be read, or tracks do not fit.
            OSError: If a file cannot be written.
        """
        if not len(frames):
            raise ValueError(f'Video {name} has no frame to draw')
        for mode, tracks in modes.items():
            check_tracks(tracks, len(frames), frames[0].shape[:2], f'{name} ({mode})')
        video, sheet = Path(out_dir) / f'{name}.mp4', Path(out_dir) / f'{name}.png'
        write_video(video, self._video_frames(frames, modes, classes), self.fps)
        columns = evenly_spaced(len(frames), self.n_columns)
        drawn = [draw_panels(frames[t], modes, t, classes, self.tile_height) for t in columns]
        rows = {title: [panels[title] for panels in drawn] for title in drawn[0]}
        write_png(sheet, contact_sheet(rows, columns))
        return video, sheet

    def _video_frames(self, frames, modes, classes) -> Iterator[np.ndarray]:
        for t, frame in enumerate(frames):
            yield _tile(draw_panels(frame, modes, t, classes, self.video_height))


def draw_panels(frame: np.ndarray, modes: Mapping[str, List[Track]], t: int,
                classes: Sequence[str], height: int) -> Dict[str, np.ndarray]:
    """The frame and the tracks of every mode on it: title -> uint8 BGR (height, width, 3)."""
    panels = {INPUT: resize_frame(frame, height)}
    for mode, tracks in modes.items():
        panels[mode] = draw_tracks(frame, tracks, t, classes, height)
    return panels


def _tile(panels: Mapping[str, np.ndarray]) -> np.ndarray:
    """Panels under their titles: up to three in a row, more in two rows."""
    tiles = []
    for title, panel in panels.items():
        bar = text_bar(title, panel.shape[1], TITLE_BAR, (255, 255, 255), (40, 40, 40))
        tiles.append(np.pad(np.concatenate([bar, panel]), ((0, 0), (0, GAP), (0, 0))))
    per_row = len(tiles) if len(tiles) <= 3 else (len(tiles) + 1) // 2
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % per_row)
    rows = [np.concatenate(tiles[i:i + per_row], axis=1) for i in range(0, len(tiles), per_row)]
    return np.concatenate(rows)
