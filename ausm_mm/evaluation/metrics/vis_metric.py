"""Average precision of video instance segmentation as an mmengine metric."""
from itertools import chain
from typing import Dict, List, Optional, Sequence

import mmengine
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from ausm_mm.errors import UserError
from ausm_mm.registry import METRICS
from ausm_mm.utils import format_table
from ..functional.vis_ap import check_ground_truth, vis_ap
from ..results import load_json


@METRICS.register_module()
class VISMetric(BaseMetric):
    """AP of YouTube-VIS 2019, 2021, OVIS and any set in their format (see :func:`vis_ap`).

    Every video of the annotation counts: objects of a video that was not tested are missed.

    Args:
        ann_file: The native YouTube-VIS json with the ground truth.
        outfile_prefix: If given, the figures, with those of every class, are written to
            ``{outfile_prefix}.metrics.json``.
        collect_device, prefix, collect_dir: As in :class:`mmengine.evaluator.BaseMetric`.
    """
    default_prefix = 'vis'
    videos_key = 'videos'  # of the annotation

    def __init__(self,
                 ann_file: str,
                 outfile_prefix: Optional[str] = None,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None,
                 collect_dir: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.ann_file = ann_file
        self.outfile_prefix = outfile_prefix
        # Before the test starts, so that a bad file costs no test run
        self.ground_truth = load_json(ann_file)
        self._check_ground_truth()
        self.category_ids = {c['name']: c['id'] for c in self.ground_truth['categories']}

    def _check_ground_truth(self) -> None:
        check_ground_truth(self.ground_truth, self.ann_file)

    def process(self, data_batch, data_samples: Sequence[Dict]) -> None:
        """Keeps the tracks of each video as entries of a YouTube-VIS result file."""
        for sample in data_samples:
            if sample['task'] != 'unprompted':
                continue
            category_ids = self._category_ids(sample['classes'])
            tracks = [
                dict(
                    video_id=sample['video_id'],
                    category_id=category_ids[track.label],
                    score=track.score,
                    segmentations=track.segmentations) for track in sample['pred_tracks']
            ]
            self.results.append(dict(video_id=sample['video_id'], tracks=tracks))

    def compute_metrics(self, results: List[Dict]) -> Dict[str, float]:
        """Returns AP, AP50, AP75, APs, APm, APl, AR1, AR10 and AR100; logs AP per class."""
        logger = MMLogger.get_current_instance()
        # With several processes the sampler may deal out a video twice to make even shares.
        tracks = {r['video_id']: r['tracks'] for r in results}
        n_missing = len(self.ground_truth[self.videos_key]) - len(tracks)
        if n_missing > 0:
            logger.warning(f'{n_missing} videos of {self.ann_file} were not tested: all their '
                           'objects count as missed')
        scores = self._score(list(chain.from_iterable(tracks.values())))
        if self.outfile_prefix:
            mmengine.dump(scores, f'{self.outfile_prefix}.metrics.json', indent=1)
        per_class = scores.pop('per_class')
        rows = [(name, ap) for name, ap in per_class.items() if ap >= 0]
        logger.info('\n' + format_table(('class', 'AP'), rows + [('mean', scores['AP'])]))
        return scores

    def _score(self, tracks: List[Dict]) -> Dict:
        return vis_ap(self.ground_truth, tracks)

    def _category_ids(self, classes: Sequence[str]) -> List[int]:
        unknown = [name for name in classes if name not in self.category_ids]
        if unknown:
            raise UserError(
                f'The data set has classes {unknown}, which {self.ann_file} does not name (it has '
                f'{list(self.category_ids)}): evaluate with the annotation file of the data set')
        return [self.category_ids[name] for name in classes]
