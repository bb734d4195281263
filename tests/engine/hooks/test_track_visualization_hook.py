from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils

from ausm_mm.registry import HOOKS
from ausm_mm.structures import ClipDataSample, Track
from ausm_mm.visualization import object_color

HEIGHT, WIDTH, T = 32, 48, 3


def box(x0: int) -> dict:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[8:24, x0:x0 + 12] = 1
    return mask_utils.encode(np.asfortranarray(mask))


@pytest.fixture
def sample(tmp_path):
    """Function (video, task, object id, ground truth) -> tested sample with one object."""

    def build(name: str, task: str, object_id: int, gt_tracks=()) -> ClipDataSample:
        paths = [str(tmp_path / f'{t}.png') for t in range(T)]
        for path in paths:
            cv2.imwrite(path, np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
        sample = ClipDataSample(metainfo=dict(
            video_name=name, task=task, img_paths=paths, classes=('a', 'b')))
        sample.gt_tracks = list(gt_tracks)
        sample.pred_tracks = [Track(object_id, 1, 0.9, [box(10 + t) for t in range(T)])]
        return sample

    return build


class Videos(list):
    """What the hook needs of a data set."""

    def get_data_info(self, idx: int) -> dict:
        return dict(video_name=self[idx].video_name)


@pytest.fixture
def draw(tmp_path):
    """Function (samples, max_videos): test them as the Runner does, one a batch."""

    def run(samples: list, **settings) -> None:
        hook = HOOKS.build(dict(
            type='TrackVisualizationHook', out_dir=str(tmp_path / 'show'), **settings))
        runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=Videos(samples)))
        hook.before_test_epoch(runner)
        for i, sample in enumerate(samples):
            hook.after_test_iter(runner, i, outputs=[sample])
        hook.after_test_epoch(runner, {})

    return run


def drawn_rows(path, object_id: int) -> list:
    """Which quarters of the contact sheet, from top to bottom, show the object's colour."""
    page = cv2.imread(str(path))
    exact = (page == np.array(object_color(object_id))).all(axis=2)
    return [bool(quarter.any()) for quarter in np.array_split(exact, 4)]


def test_tasks_of_a_video_are_side_by_side(tmp_path, sample, draw):
    """As in the configs: all videos in one task, then all in the other."""
    truth = [Track(5, 0, 1.0, [box(10)] * T)]
    draw([sample('one', 'prompted', 2), sample('folder/two', 'unprompted', 3, truth),
          sample('one', 'unprompted', 1), sample('folder/two', 'prompted', 4, truth)])

    assert sorted(path.name for path in (tmp_path / 'show').iterdir()) == [
        'folder_two.mp4', 'folder_two.png', 'one.mp4', 'one.png']
    video = cv2.VideoCapture(str(tmp_path / 'show/one.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == T
    # Input, unprompted and prompted in a row; with the ground truth two by two
    assert video.read()[1].shape == (24 + 288, 3 * (432 + 2), 3)
    video = cv2.VideoCapture(str(tmp_path / 'show/folder_two.mp4'))
    assert video.read()[1].shape == (2 * (24 + 288), 2 * (432 + 2), 3)
    sheet = tmp_path / 'show/folder_two.png'
    assert drawn_rows(sheet, 5) == [False, True, False, False]
    assert drawn_rows(sheet, 3) == [False, False, True, False]
    assert drawn_rows(sheet, 4) == [False, False, False, True]


def test_first_videos_only(tmp_path, sample, draw):
    draw([sample(name, task, 1) for task in ('unprompted', 'prompted') for name in 'abc'],
         max_videos=2)
    assert sorted(path.name for path in (tmp_path / 'show').iterdir()) == [
        'a.mp4', 'a.png', 'b.mp4', 'b.png']


def test_single_task(tmp_path, sample, draw):
    draw([sample('a', 'prompted', 1)])
    video = cv2.VideoCapture(str(tmp_path / 'show/a.mp4'))
    assert video.read()[1].shape == (24 + 288, 2 * (432 + 2), 3)
