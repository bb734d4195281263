"""J and F of video object segmentation as an mmengine metric."""
from typing import Dict, List, Optional, Sequence

import mmengine
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger

from ausm_mm.registry import METRICS
from ausm_mm.utils import format_table
from ..functional import (
    score_sequence,
    summarize_objects,
    summarize_sequences,
    summarize_vos,
    youtube_vos_summary,
)

COLUMNS = ('J&F', 'J', 'F', 'J_visible', 'hidden_empty')


@METRICS.register_module()
class VOSMetric(BaseMetric):
    """J, F and J&F over the objects of all sequences (rules: ``evaluation/functional/davis.py``).

    Besides: ``J_recall``, ``J_decay``, ``F_recall``, ``F_decay`` of the DAVIS 2017 toolkit,
    ``J_visible``, the mean J over the frames in which an object is visible, and
    ``hidden_empty``, the share of hidden object-frames in which nothing is predicted (left out
    where no object is ever hidden). Where the data set tells which objects are of seen categories,
    also YouTube-VOS's ``G``, ``J_seen``, ``J_unseen``, ``F_seen`` and ``F_unseen``. The ground
    truth is each sample's ``gt_tracks`` in its ``annotated_frames``; where no object has a mask
    after its first, as in official test splits, there are no figures.

    Args:
        skip_last: Leave out the last annotated frame, as DAVIS and MOSE do; YouTube-VOS scores it.
        outfile_prefix: If given, the figures, with those of every sequence (``per_sequence``) and
            of every object and frame (``per_frame``), are written to
            ``{outfile_prefix}.metrics.json``.
        collect_device, prefix, collect_dir: As in :class:`mmengine.evaluator.BaseMetric`.
    """
    default_prefix = 'vos'

    def __init__(self,
                 skip_last: bool = True,
                 outfile_prefix: Optional[str] = None,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None,
                 collect_dir: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.skip_last = skip_last
        self.outfile_prefix = outfile_prefix

    def process(self, data_batch, data_samples: Sequence[Dict]) -> None:
        """Scores each video at once, so that only numbers are kept and gathered."""
        for sample in data_samples:
            if sample['task'] != 'prompted':
                continue
            truths = sample['gt_tracks']
            scores = score_sequence(
                sample['pred_tracks'], truths, sample['ori_shape'], sample['video_name'],
                sample.get('annotated_frames'), self.skip_last)
            self.results.append(dict(
                name=sample['video_name'],
                scores=scores,
                seen=sample.get('seen_objects'),
                is_known=any(len(list(filter(None, truth.segmentations))) > 1 for truth in truths)))

    def compute_metrics(self, results: List[Dict]) -> Dict[str, float]:
        """Returns the figures; logs J&F, J, F, J_visible and hidden_empty per sequence."""
        logger = MMLogger.get_current_instance()
        if not any(result['is_known'] for result in results):
            logger.warning(f'None of {len(results)} videos has a mask after the first of an '
                           'object: nothing is scored')
            return {}
        per_frame = {result['name']: result['scores'] for result in results}
        total = summarize_objects([f for scores in per_frame.values() for f in scores.values()])
        statistics = summarize_vos(per_frame)
        total.update({f'{key}_{name}': statistics[key][name]
                      for key in 'JF' for name in ('recall', 'decay')})
        if all(result['seen'] for result in results):
            total.update(youtube_vos_summary(
                per_frame, {result['name']: result['seen'] for result in results}, {True}))
        per_sequence = summarize_sequences(per_frame)
        rows = [(name, *map(scores.get, COLUMNS))
                for name, scores in [*per_sequence.items(), ('all objects', total)]]
        logger.info('\n' + format_table(('sequence', *COLUMNS), rows))
        if self.outfile_prefix:
            mmengine.dump(
                dict(total, per_sequence=per_sequence, per_frame=per_frame),
                f'{self.outfile_prefix}.metrics.json',
                indent=1)
        return total
