"""Average precision of video instance segmentation as an mmengine metric."""
from itertools import chain
from typing import Dict, List, Optional, Sequence

import mmengine
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from ausm_mm.registry import METRICS
from ausm_mm.utils import format_table
from ..functional import vis_ap
from ..functional.annotation import TRACKS, check_annotation, is_hidden
from ..results import category_ids, load_json, track_results


@METRICS.register_module()
class VISMetric(BaseMetric):
    """AP of YouTube-VIS 2019, 2021, OVIS and any set in their format (see :func:`vis_ap`).

    Every video of the annotation counts: objects of a video that was not tested are missed. Where
    the annotation is hidden, as in official test splits, there are no figures.

    Args:
        ann_file: The native YouTube-VIS json with the ground truth.
        outfile_prefix: If given, the figures, with those of every class, are written to
            ``{outfile_prefix}.metrics.json``.
        collect_device, prefix, collect_dir: As in :class:`mmengine.evaluator.BaseMetric`.
    """
    default_prefix = 'vis'
    annotation_parts = TRACKS  # the first are the videos

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
        self.is_hidden = is_hidden(self.ground_truth)
        check_annotation(self.ground_truth, ann_file, {
            part: keys for part, keys in self.annotation_parts.items()
            if part != 'annotations' or not self.is_hidden})

    def process(self, data_batch, data_samples: Sequence[Dict]) -> None:
        """Keeps the tracks of each video as entries of a YouTube-VIS result file."""
        for sample in data_samples:
            if sample['task'] != 'unprompted':
                continue
            ids = category_ids(sample['classes'], self.ground_truth, self.ann_file)
            tracks = track_results(sample['video_id'], sample['pred_tracks'], ids)
            self.results.append(dict(video_id=sample['video_id'], tracks=tracks))

    def compute_metrics(self, results: List[Dict]) -> Dict[str, float]:
        """Returns AP, AP50, AP75, APs, APm, APl, AR1, AR10 and AR100; logs AP per class."""
        logger = MMLogger.get_current_instance()
        if self.is_hidden:
            logger.warning(f'{self.ann_file} has no annotations: nothing is scored')
            return {}
        n_missing = len(self.ground_truth[next(iter(self.annotation_parts))]) - len(
            {result['video_id'] for result in results})
        if n_missing > 0:
            logger.warning(f'{n_missing} videos of {self.ann_file} were not tested: all their '
                           'objects count as missed')
        scores = self.score(results)
        if self.outfile_prefix:
            mmengine.dump(scores, f'{self.outfile_prefix}.metrics.json', indent=1)
        per_class = scores.pop('per_class', None)
        if per_class:
            rows = [(name, ap) for name, ap in per_class.items() if ap >= 0]
            logger.info('\n' + format_table(('class', 'AP'), rows + [('mean', scores['AP'])]))
        return scores

    def score(self, results: List[Dict]) -> Dict:
        """All figures, of what :meth:`process` has put into ``results``."""
        # With several processes the sampler may deal out a video twice to make even shares.
        tracks = {result['video_id']: result['tracks'] for result in results}
        return self._score(list(chain.from_iterable(tracks.values())))

    def _score(self, tracks: List[Dict]) -> Dict:
        return vis_ap(self.ground_truth, tracks)
