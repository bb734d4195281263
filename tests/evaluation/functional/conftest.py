"""COCO's average precision step by step, for images and for videos: slow, but plain to see."""
from dataclasses import dataclass
from typing import Callable, Dict, Tuple

import numpy as np
import pytest

THRESHOLDS = np.linspace(.5, .95, 10)


@dataclass
class SlowAP:
    """Follows the definition.

    Args:
        owner: Key of an item that names its image or video.
        iou: Function (prediction, object).
        area: Function (item).
        ranges: Of areas: name ('' for all) -> both ends.
    """
    owner: str
    iou: Callable
    area: Callable
    ranges: Dict[str, Tuple[float, float]]

    def matches(self, truths, predictions, threshold, limits):
        """(score, is true positive) of the predictions of one owner and class that count, and the
        number of objects that count."""
        outside = [not limits[0] <= self.area(t) <= limits[1] for t in truths]
        ignored = [bool(t.get('iscrowd')) or out for t, out in zip(truths, outside)]
        taken, found = set(), []
        for prediction in predictions:
            best = None
            # A real object that fits is always preferred to an ignored one.
            for wanted in (False, True):
                best_iou = threshold
                for i, truth in enumerate(truths):
                    free = i not in taken or truth.get('iscrowd')
                    iou = self.iou(prediction, truth)
                    if ignored[i] == wanted and free and iou >= best_iou:
                        best, best_iou = i, iou
                if best is not None:
                    break
            if best is not None:
                taken.add(best)
                if not ignored[best]:
                    found.append((prediction['score'], True))
            elif limits[0] <= self.area(prediction) <= limits[1]:
                found.append((prediction['score'], False))
        return found, ignored.count(False)

    def curve(self, case, category_id, threshold, limits, max_predictions):
        """(AP, recall) of one class at one threshold; None without any object that counts."""
        found, n_objects = [], 0
        owners, truths, results = case
        for owner in owners:
            def select(items, owner=owner):
                return [i for i in items
                        if i[self.owner] == owner and i['category_id'] == category_id]
            # sorted() keeps the order of equal scores
            predictions = sorted(select(results), key=lambda r: -r['score'])[:max_predictions]
            part, n = self.matches(select(truths), predictions, threshold, limits)
            found += part
            n_objects += n
        if not n_objects:
            return None
        found.sort(key=lambda pair: -pair[0])
        hits = np.cumsum([hit for _, hit in found])
        recall = [h / n_objects for h in hits]
        precision = [h / (rank + np.spacing(1)) for rank, h in enumerate(hits, start=1)]
        levels = np.linspace(0, 1, 101)
        best = [max([p for p, r in zip(precision, recall) if r >= level], default=0)
                for level in levels]
        return np.mean(best), recall[-1] if recall else 0

    def scores(self, owners, categories, truths, results):
        """All figures of images or videos, categories (id -> name), objects and predictions."""
        case = owners, truths, results

        def mean(which, thresholds=THRESHOLDS, size='', max_predictions=100, chosen=None):
            values = [self.curve(case, c, t, self.ranges[size], max_predictions)
                      for c in chosen or categories for t in thresholds]
            values = [v[which] for v in values if v is not None]
            return np.mean(values) if values else -1

        figures = dict(AP=mean(0), AP50=mean(0, THRESHOLDS[:1]), AP75=mean(0, THRESHOLDS[5:6]))
        for size in 'sml':
            figures.update({f'AP{size}': mean(0, size=size), f'AR{size}': mean(1, size=size)})
        figures.update({f'AR{n}': mean(1, max_predictions=n) for n in (1, 10, 100)})
        figures['per_class'] = {name: mean(0, chosen=[c]) for c, name in categories.items()}
        return figures


@pytest.fixture
def slow_ap():
    return SlowAP
