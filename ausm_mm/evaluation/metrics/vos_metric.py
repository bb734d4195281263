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
)

COLUMNS = ('J&F', 'J', 'F', 'J_visible', 'hidden_empty')


@METRICS.register_module()
class VOSMetric(BaseMetric):
    """J, F and J&F over the objects of all sequences (rules: ``evaluation/functional/davis.py``).

    Besides: ``J_recall``, ``J_decay``, ``F_recall``, ``F_decay`` of the DAVIS 2017 toolkit,
    ``J_visible``, the mean J over the frames in which an object is visible, and
    ``hidden_empty``, the share of hidden object-frames in which nothing is predicted (left out
    where no object is ever hidden). The ground truth is each sample's ``gt_tracks``.

    Args:
        outfile_prefix: If given, the figures, with those of every sequence (``per_sequence``) and
            of every object and frame (``per_frame``), are written to
            ``{outfile_prefix}.metrics.json``.
        collect_device, prefix, collect_dir: As in :class:`mmengine.evaluator.BaseMetric`.
    """
    default_prefix = 'vos'

    def __init__(self,
                 outfile_prefix: Optional[str] = None,
                 collect_device: str = 'cpu',
                 prefix: Optional[str] = None,
                 collect_dir: Optional[str] = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix, collect_dir=collect_dir)
        self.outfile_prefix = outfile_prefix

    def process(self, data_batch, data_samples: Sequence[Dict]) -> None:
        """Scores each video at once, so that only numbers are kept and gathered."""
        for sample in data_samples:
            if sample['task'] != 'prompted':
                continue
            scores = score_sequence(sample['pred_tracks'], sample['gt_tracks'], sample['ori_shape'],
                                    sample['video_name'])
            self.results.append((sample['video_name'], scores))

    def compute_metrics(self, results: List) -> Dict[str, float]:
        """Returns J, F, J&F, J_visible, hidden_empty and the recall and decay of J and F; logs the
        first five per sequence."""
        per_frame = dict(results)
        total = summarize_objects([f for scores in per_frame.values() for f in scores.values()])
        statistics = summarize_vos(per_frame)
        total.update({f'{key}_{name}': statistics[key][name]
                      for key in 'JF' for name in ('recall', 'decay')})
        per_sequence = summarize_sequences(per_frame)
        rows = [(name, *map(scores.get, COLUMNS))
                for name, scores in [*per_sequence.items(), ('all objects', total)]]
        MMLogger.get_current_instance().info('\n' + format_table(('sequence', *COLUMNS), rows))
        if self.outfile_prefix:
            mmengine.dump(
                dict(total, per_sequence=per_sequence, per_frame=per_frame),
                f'{self.outfile_prefix}.metrics.json',
                indent=1)
        return total
