"""What tools that run and score unprompted videos themselves share."""
from typing import Dict, Iterator

from torch.utils.data import Dataset

from ausm_mm.errors import UserError
from ausm_mm.registry import METRICS
from .metrics import HOTAMetric, VISMetric


def unprompted_videos(dataset: Dataset) -> Iterator[Dict]:
    """The items of a test set that are not prompted."""
    for index in range(len(dataset)):
        if dataset.get_data_info(index)['task'] == 'unprompted':
            yield dataset[index]


def find_metric(evaluators, config: str) -> VISMetric:
    """The metric of unprompted videos' AP.

    Args:
        evaluators: ``test_evaluator`` of a config.
        config: Its path, for the message.

    Raises:
        UserError: If there is none, or its annotation is hidden.
    """
    for evaluator in evaluators if isinstance(evaluators, list) else [evaluators]:
        kind = METRICS.get(evaluator['type']) if evaluator else object
        if issubclass(kind, VISMetric) and not issubclass(kind, HOTAMetric):
            metric = METRICS.build(evaluator)
            if metric.is_hidden:
                raise UserError(f'{metric.ann_file}: has no annotations to score against; take a '
                                'test set that has them')
            return metric
    raise UserError(f'{config}: its test_evaluator has no VISMetric or COCOVideoMetric, which '
                    'score unprompted videos and images; take the config of a set that has one')
