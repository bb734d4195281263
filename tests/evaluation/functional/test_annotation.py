"""Whatever stands in a json: one clear error, or figures."""
import copy
import math

import numpy as np
import pytest

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import coco_ap, vis_ap
from ausm_mm.evaluation.functional.annotation import (
    MASKS,
    TRACKS,
    VIDEOS,
    check_annotation,
    is_hidden,
    is_number,
)
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.evaluation.results import find_vis_problems

RLE = encode(np.eye(4, 6, dtype=bool))
RLE = dict(RLE, counts=RLE['counts'].decode())
VIS = dict(
    videos=[dict(id=1, height=4, width=6)], categories=[dict(id=3, name='cat')],
    annotations=[dict(id=1, video_id=1, category_id=3, segmentations=[RLE, None], areas=[4, None],
                      iscrowd=0, occlusion=['no_occlusion', None])])
TRACK = dict(video_id=1, category_id=3, score=.5, segmentations=[RLE, None])
COCO = dict(
    images=[dict(id=1, height=4, width=6)], categories=[dict(id=3, name='cat')],
    annotations=[dict(id=1, image_id=1, category_id=3, segmentation=RLE, area=4, iscrowd=0)])
MASK = dict(image_id=1, category_id=3, score=.5, segmentation=RLE)
VALUES = [None, -1, 0, 2.5, float('nan'), 10**400, True, 'x', [], [1], [[1]], {}, [None, 'x'],
          dict(size=[4, 6], counts=[25, -1]), dict(size=[4, 6], counts='\ud800')]


def places(content, path=()):
    """The keys that lead to each value of nested lists and dicts."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


def spoiled(content):
    """Copies of a json in which one value is another."""
    for path in places(content):
        for value in VALUES:
            result = copy.deepcopy(content)
            owner = result
            for key in path[:-1]:
                owner = owner[key]
            owner[path[-1]] = copy.deepcopy(value)
            yield result


@pytest.mark.parametrize('content, score', [
    ([TRACK], lambda results: vis_ap(VIS, results)),
    (VIS, lambda truth: vis_ap(truth, [TRACK])),
    ([MASK], lambda results: coco_ap(COCO, results)),
    (COCO, lambda truth: coco_ap(truth, [MASK])),
])
def test_one_error_or_figures(content, score):
    assert score(copy.deepcopy(content))['AP'] == pytest.approx(1)
    n_errors = 0
    for case in spoiled(content):
        try:
            figures = score(case)
        except UserError as error:
            n_errors += 1
            assert '\n' not in str(error) and len(str(error)) > 20
        else:
            figures.pop('per_class')
            assert all(value == -1 or 0 <= value <= 1 + 1e-9 for value in figures.values())
    assert n_errors > 50


def test_the_checker_has_lines_for_all():
    for case in spoiled([TRACK]):
        lines = list(find_vis_problems(case, VIS))
        assert all(isinstance(line, str) and '\n' not in line for line in lines)


def test_what_is_missing():
    check_annotation(VIS, 'a.json', TRACKS)
    check_annotation(COCO, 'a.json', MASKS)
    check_annotation(dict(VIS, annotations=None), 'a.json', VIDEOS)
    with pytest.raises(UserError, match='^a.json has no list of annotations: take a json with'):
        check_annotation(dict(VIS, annotations=None), 'a.json', TRACKS)
    with pytest.raises(UserError, match='^a.json has no list of videos'):
        check_annotation([], 'a.json', TRACKS)
    with pytest.raises(UserError, match='^a.json: entry 1 of categories lacks name: write'):
        check_annotation(dict(VIS, categories=[*VIS['categories'], dict(id=4)]), 'a.json', VIDEOS)


@pytest.mark.parametrize('part, entries, words', [
    ('videos', [dict(id=1, height=4, width=6)] * 2, 'ids of videos have 1 more than once'),
    ('videos', [dict(id=i, height=4, width=6) for i in (1, '1')], 'are numbers and texts'),
    ('videos', [dict(id=2**63, height=4, width=6)], 'id 9223372036854775808: it must be a text or'),
    ('videos', [dict(id=True, height=4, width=6)], 'id True: it must be a text or'),
    ('categories', [dict(id=i, name=str(i)) for i in (1, 2, 2)], 'ids of categories have 2 more'),
    ('categories', [dict(id=i, name='cat') for i in (1, 2)], "names of categories have 'cat' more"),
])
def test_entries_that_cannot_be_told_apart(part, entries, words):
    with pytest.raises(UserError, match=f'^a.json: .*{words}'):
        check_annotation(dict(VIS, **{part: entries}), 'a.json', VIDEOS)


def test_areas_that_no_frame_has():
    """They lie outside all ranges, so that the object would be ignored."""
    for area in (-1, 2**32, 1e308):
        with pytest.raises(UserError, match='areas .*it must be null or a number of pixels'):
            vis_ap(dict(VIS, annotations=[dict(VIS['annotations'][0], areas=[area])]), [])
        with pytest.raises(UserError, match='area .*it must be a number of pixels'):
            coco_ap(dict(COCO, annotations=[dict(COCO['annotations'][0], area=area)]), [])


def test_hidden():
    assert is_hidden(dict(VIS, annotations=None)) and is_hidden(dict(VIS, annotations=[]))
    assert is_hidden({}) and not is_hidden(VIS) and not is_hidden([])


def test_numbers():
    assert all(map(is_number, (0, -1.5, np.float32(2), np.int64(3))))
    assert not any(map(is_number, (None, True, 'x', math.nan, math.inf, 10**400, [1])))
