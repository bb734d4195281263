import numpy as np
import pytest
from PIL import Image

from ausm_mm.evaluation.functional.coco_ap import evaluate_masks
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.evaluation.functional.vis_ap import evaluate_tracks
from ausm_mm.evaluation.results.plots import (
    _best_matches,
    _flatten,
    plot_coco,
    plot_vis,
    plot_vos,
)
from ausm_mm.evaluation.results.vos_files import score_vos_folders
from ausm_mm.evaluation.results.vos_packing import write_label_map

SIZE = (8, 12)


def box(x0, x1):
    mask = np.zeros(SIZE, np.uint8)
    mask[2:6, x0:x1] = 1
    return mask


def is_picture(path):
    with Image.open(path) as image:
        return image.width > 200 and np.array(image).std() > 0


@pytest.mark.parametrize('found', [True, False])
def test_vis(tmp_path, found):
    """The worst video comes first; videos without a visible object are not drawn."""

    def track(video_id, mask):
        return dict(video_id=video_id, category_id=1, score=.5,
                    segmentations=[None, mask if mask is None else encode(mask)])

    truth = dict(
        videos=[dict(id=i, height=8, width=12) for i in (1, 2, 3, 4)],
        categories=[dict(id=1, name='cat'), dict(id=2, name='dog')],
        annotations=[track(1, box(1, 5)), track(2, box(1, 5)), track(3, None)])
    results = [track(1, box(1, 5)), track(2, box(4, 8)), track(4, box(1, 2))] if found else []
    plot_vis(evaluate_tracks(truth, results), tmp_path / 'plots')
    files = sorted(path.name for path in (tmp_path / 'plots').iterdir())
    worst = ['worst_1_2.png', 'worst_2_1.png'] if found else ['worst_1_1.png', 'worst_2_2.png']
    assert files == ['precision_recall.png', *worst]
    assert all(is_picture(tmp_path / 'plots' / name) for name in files)


def test_an_object_and_its_best_match_have_one_number():
    """Classes one by one; the objects 2 and 3 have no match of their class."""

    def track(x0, x1, **more):
        return dict(dict(video_id=1, category_id=1, segmentations=[encode(box(x0, x1))]), **more)

    truth = dict(
        videos=[dict(id=1, height=8, width=12)],
        categories=[dict(id=i, name=str(i)) for i in (1, 2)],
        annotations=[track(0, 4), track(6, 8), track(8, 10, category_id=2)])
    results = [track(1, 4, score=.2), track(9, 10, score=.9), track(0, 4, score=.3),
               track(6, 8, score=.8, category_id=2)]
    truths, matches = _best_matches(evaluate_tracks(truth, results), 1)
    assert [t['name'][:12] for t in truths] == [f'annotation {i}' for i in range(3)]
    assert [m and m['score'] for m in matches] == [.3, None, None]
    assert _best_matches(evaluate_tracks(truth, []), 1)[1] == [None] * 3


def test_the_smallest_mask_lies_on_top():
    masks = [None, encode(box(2, 3)), encode(box(1, 9))]
    expected = np.where(box(2, 3), 2, 3 * box(1, 9))
    np.testing.assert_array_equal(_flatten(masks, SIZE), expected)
    assert _flatten([encode(box(0, 2))] * 300, SIZE).max() == 45  # as many colours as there are


@pytest.mark.parametrize('found', [True, False])
def test_coco(tmp_path, found):
    """Image 7 has a wrong mask, image 5 a right one and a polygon; image 6 has no object."""

    def mask(image_id, x0, x1, **more):
        return dict(image_id=image_id, category_id=1, area=1, iscrowd=0,
                    segmentation=encode(box(x0, x1)), **more)

    truth = dict(
        images=[dict(id=i, height=8, width=12) for i in (5, 6, 7)],
        categories=[dict(id=1, name='cat')],
        annotations=[mask(5, 1, 5, id=0), mask(7, 1, 5, id=1), dict(
            mask(5, 1, 2, id=2), segmentation=[[0, 6, 4, 6, 4, 8, 0, 8]])])
    results = [mask(5, 1, 5, score=.5), mask(7, 6, 8, score=.9), mask(6, 1, 2, score=.3)]
    plot_coco(evaluate_masks(truth, results if found else []), tmp_path / 'plots')
    files = sorted(path.name for path in (tmp_path / 'plots').iterdir())
    worst = ['worst_1_7.png', 'worst_2_5.png'] if found else ['worst_1_5.png', 'worst_2_7.png']
    assert files == ['precision_recall.png', *worst]
    assert all(is_picture(tmp_path / 'plots' / name) for name in files)


def test_vos(tmp_path):
    for t in range(4):
        for name, x0 in dict(good=1, bad=4).items():
            write_label_map(box(1, 5), tmp_path / f'gt/{name}/{t}.png')
            write_label_map(box(x0, 5), tmp_path / f'pred/{name}/{t}.png')
    scores = score_vos_folders(tmp_path / 'gt', tmp_path / 'pred')
    plot_vos(scores, tmp_path / 'gt', tmp_path / 'pred', tmp_path / 'plots')
    files = sorted(path.name for path in (tmp_path / 'plots').iterdir())
    assert files == ['frames_bad.png', 'frames_good.png', 'worst_1_bad.png', 'worst_2_good.png']
    assert all(is_picture(tmp_path / 'plots' / name) for name in files)
