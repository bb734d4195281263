import sys

import numpy as np
import pytest

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import hota
from ausm_mm.evaluation.functional.rle import encode

HEIGHT, WIDTH, N_FRAMES = 8, 20, 4
LEFT, RIGHT = (0, 4), (10, 14)


def box(limits):
    if limits is None:
        return None
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[:, slice(*limits)] = True
    return encode(mask)


def track(*limits, **more):
    return dict(dict(video_id=1, category_id=1, score=.9), segmentations=list(map(box, limits)),
                **more)


def ground_truth(*tracks):
    return dict(
        videos=[dict(id=i, height=HEIGHT, width=WIDTH) for i in (1, 2)],
        categories=[dict(id=i, name=f'class {i}') for i in (1, 2)],
        annotations=list(tracks))


TRUTH = ground_truth(track(*[LEFT] * N_FRAMES), track(*[RIGHT] * N_FRAMES))


def test_missing_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'trackeval', None)
    monkeypatch.setitem(sys.modules, 'trackeval.metrics', None)
    with pytest.raises(UserError, match=r'trackeval, which is not installed: pip install .*hota'):
        hota(TRUTH, [], .5)


def test_perfect_and_dropped_tracks():
    pytest.importorskip('trackeval', reason='the extra "hota" is not installed')
    good = [track(*[LEFT] * N_FRAMES), track(*[RIGHT] * N_FRAMES)]
    assert hota(TRUTH, good, .5) == pytest.approx(dict(HOTA=1, DetA=1, AssA=1, IDSW=0))
    noise = track(*[(5, 9)] * N_FRAMES, score=.4)
    assert hota(TRUTH, [*good, noise], .5)['HOTA'] == pytest.approx(1)
    assert hota(TRUTH, [*good, noise], .3)['DetA'] == pytest.approx(8 / 12)
    assert hota(TRUTH, [], .5) == dict(HOTA=0, DetA=0, AssA=0, IDSW=0)
    assert hota(ground_truth(), [], .5) == dict(HOTA=0, DetA=0, AssA=0, IDSW=0)


def test_swapped_identities():
    """Two tracks that change places half-way: every detection right, every association half."""
    pytest.importorskip('trackeval', reason='the extra "hota" is not installed')
    swapped = [track(LEFT, LEFT, RIGHT, RIGHT), track(RIGHT, RIGHT, LEFT, LEFT)]
    figures = hota(TRUTH, swapped, .5)
    assert figures['IDSW'] == 2
    assert figures['DetA'] == pytest.approx(1)
    assert figures['AssA'] == pytest.approx(2 / 6)  # shared 2 frames of 4 + 4 - 2
    assert figures['HOTA'] == pytest.approx((2 / 6)**.5)


def test_classes_videos_and_absent_frames():
    pytest.importorskip('trackeval', reason='the extra "hota" is not installed')
    truth = ground_truth(
        track(LEFT, None, None, LEFT), track(LEFT, RIGHT, None, None, video_id=2, category_id=2),
        track(*[RIGHT] * N_FRAMES, iscrowd=1))
    results = [track(LEFT, None, None, LEFT), track(None, None, None, None),
               track(LEFT, None, None, None, category_id=2)]
    figures = hota(truth, results, .5)
    assert figures['HOTA'] == pytest.approx(.5)  # class 1 perfect, class 2 not found
    assert figures['IDSW'] == 0
