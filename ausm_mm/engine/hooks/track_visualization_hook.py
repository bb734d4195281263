"""Pictures of what a test run found."""
from typing import Dict, Optional, Sequence

from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log

from ausm_mm.datasets.base_video import TASKS
from ausm_mm.registry import HOOKS
from ausm_mm.structures import ClipDataSample
from ausm_mm.visualization import ImageFiles, TrackVisualizer


@HOOKS.register_module()
class TrackVisualizationHook(Hook):
    """Draws test videos as mp4 and contact sheet, all tasks of a video side by side.

    Keeps RLEs until the end of the test, since a data set may hold a video's tasks far apart, and
    several processes may share them.

    Args:
        out_dir: Folder of the pictures.
        max_videos: Only the first so many videos of the data set.
    """

    def __init__(self, out_dir: str, max_videos: int = 8) -> None:
        self.out_dir = out_dir
        self.max_videos = max_videos
        self._videos: Dict[str, Dict[str, ClipDataSample]] = {}  # name -> task -> sample

    def before_test_epoch(self, runner) -> None:
        dataset = runner.test_dataloader.dataset
        self._videos = {}
        for i in range(len(dataset)):
            if len(self._videos) == self.max_videos:
                break
            self._videos.setdefault(dataset.get_data_info(i)['video_name'], {})

    def after_test_iter(self, runner, batch_idx: int, data_batch=None,
                        outputs: Optional[Sequence[ClipDataSample]] = None) -> None:
        for sample in outputs:
            if sample.video_name in self._videos:
                self._videos[sample.video_name][sample.task] = sample

    def after_test_epoch(self, runner, metrics=None) -> None:
        shares = all_gather_object(self._videos)  # one a process
        if not is_main_process():
            return
        visualizer = TrackVisualizer()
        for name in self._videos:
            samples = {task: share[name][task] for share in shares for task in share[name]}
            sample = next(iter(samples.values()))
            modes = {'ground truth': sample.gt_tracks} if sample.gt_tracks else {}
            modes.update({task: samples[task].pred_tracks for task in TASKS if task in samples})
            visualizer.write(self.out_dir, name.replace('/', '_'), ImageFiles(sample.img_paths),
                             modes, sample.classes)
        print_log(f'{len(self._videos)} videos drawn (mp4 and png) in {self.out_dir}', 'current')
