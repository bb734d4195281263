import pytest
import torch
import torch.nn.functional as F

from ausm_mm.models import IDTracker
from ausm_mm.models.trackers import id_tracker as module

GRID, CANVAS = (2, 3), (16, 24)
FULL = torch.ones(GRID)


@pytest.fixture
def tracker():
    return IDTracker()


@pytest.fixture
def start():
    """Function (tracker, num_ids) -> rows without objects, in a fixed random order."""
    return lambda tracker, num_ids=6: tracker.start(
        num_ids, GRID, torch.device('cpu'), torch.Generator().manual_seed(1))


def _update(tracker, rows, background, logits=None, detect=True):
    """Detections whose masks are all foreground unless logits are given."""
    background = torch.tensor(background)
    logits = torch.ones(len(background), 4, 6) if logits is None else logits
    return tracker.update(rows, background, logits, CANVAS, CANVAS, detect)


def _masks(*indices):
    """(p, 16, 24): mask i covers exactly the cell that indices[i] names."""
    masks = torch.zeros(len(indices), *CANVAS)
    for mask, (y, x) in zip(masks, indices):
        mask[8 * y:8 * y + 8, 8 * x:8 * x + 8] = 1
    return masks


def test_start(tracker, start):
    rows = start(tracker)
    assert len(rows) == 0 and rows.masks.shape == (0, *GRID) and rows.next_object_id == 1
    assert sorted(rows.free_ids.tolist()) == list(range(6))
    assert torch.equal(rows.free_ids, start(tracker).free_ids)  # the generator decides
    orders = {tuple(tracker.start(6, GRID, torch.device('cpu')).free_ids.tolist())
              for _ in range(20)}
    assert len(orders) > 10


def test_threshold_and_ids_in_the_drawn_order(tracker, start):
    rows = start(tracker)
    after, kept = _update(tracker, rows, [.9, .49, .5, .1, .51])
    assert kept.tolist() == [1, 3]  # foreground 0.51 and 0.9; 0.5 is not enough
    assert torch.equal(after.bank_ids, rows.free_ids[:2])
    assert torch.equal(after.free_ids, rows.free_ids[2:])
    assert after.object_ids.tolist() == [1, 2] and after.next_object_id == 3
    assert torch.equal(after.masks, FULL.expand(2, *GRID)) and after.absent.tolist() == [0, 0]
    assert len(rows) == 0  # what went in stays as it was


def test_other_threshold(start):
    """A detection below 0.5 that the threshold admits starts with its mask all the same."""
    tracker = IDTracker(foreground_threshold=0.2)
    rows, kept = _update(tracker, start(tracker), [.79, .81])
    assert kept.tolist() == [0] and torch.equal(rows.masks, FULL[None])


def test_detections_without_a_pixel_are_no_objects(tracker, start):
    logits = torch.full((2, 4, 6), -1.)
    logits[1, 2, 3] = 1
    _, kept = _update(tracker, start(tracker), [.1, .1], logits)
    assert kept.tolist() == [1]


def test_prompted_mode_ignores_detections(tracker, start):
    rows = tracker.prompt(start(tracker), torch.tensor([7]), _masks((0, 0)))
    rows, kept = _update(tracker, rows, [.9, .1, .1], detect=False)
    assert kept.tolist() == [0] and rows.object_ids.tolist() == [7]


def test_rows_continue_and_detections_are_appended(start):
    tracker = IDTracker(exclusive=False)
    rows, _ = _update(tracker, start(tracker), [.1, .1])
    ids = rows.bank_ids
    logits = torch.randn(5, 4, 6)
    after, kept = _update(tracker, rows, [.2, .3, .9, .9, .2], logits)
    assert kept.tolist() == [0, 1, 4]
    assert torch.equal(after.bank_ids[:2], ids) and after.object_ids.tolist() == [1, 2, 3]
    # M: binary masks over the padded frame, as shares of the cells of 8 x 8 pixels
    enlarged = F.interpolate(logits[kept][None], CANVAS, mode='bilinear')[0] > 0
    expected = enlarged.float().view(3, 2, 8, 3, 8).mean((2, 4))
    torch.testing.assert_close(after.masks, expected)


def test_each_pixel_of_the_history_has_one_owner(tracker, start):
    """Rows 0 (absent), 1 and a detection, over frames of 16 x 24 pixels, constant logits."""
    rows, _ = _update(tracker, start(tracker), [.1, .1])
    logits = torch.tensor([9., 2., 3.])[:, None, None].repeat(1, 16, 24)
    logits[2, :, 8:] = 1.
    logits[1, :, 16:] = -1.
    after, kept = _update(tracker, rows, [.9, .1, .1], logits)
    assert kept.tolist() == [0, 1, 2]
    shares = after.masks[:, 0].tolist()  # the upper row of cells: left, middle, right
    assert shares == [[0, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert torch.equal(after.masks[:, 0], after.masks[:, 1])


def test_soft_masks(start):
    tracker = IDTracker(soft_masks=True)
    logits = torch.randn(1, 4, 6)
    rows, _ = _update(tracker, start(tracker), [.1], logits)
    enlarged = F.interpolate(logits[None], CANVAS, mode='bilinear')[0].sigmoid()
    torch.testing.assert_close(rows.masks, enlarged.view(1, 2, 8, 3, 8).mean((2, 4)))


def test_absent_rows_enter_the_history_empty(tracker, start):
    rows, _ = _update(tracker, start(tracker), [.1, .1])
    rows, kept = _update(tracker, rows, [.51, .5])
    assert kept.tolist() == [0, 1] and rows.absent.tolist() == [1, 0]
    assert torch.equal(rows.masks, torch.stack([0 * FULL, FULL]))
    rows, _ = _update(tracker, rows, [.9, .9])
    assert rows.absent.tolist() == [2, 1]
    rows, _ = _update(tracker, rows, [.1, .9])
    assert rows.absent.tolist() == [0, 2] and torch.equal(rows.masks[0], FULL)


@pytest.mark.parametrize(('absent_above', 'absent'), [(.95, [0, 0]), (.85, [1, 0]), (1., [0, 0])])
def test_other_absence(start, absent_above, absent):
    tracker = IDTracker(absent_above=absent_above)
    rows, _ = _update(tracker, start(tracker), [.1, .2])
    assert _update(tracker, rows, [.9, .2])[0].absent.tolist() == absent


def test_ids_are_drawn_without_replacement(tracker, start):
    rows = start(tracker, 50)
    for _ in range(25):
        rows, _ = _update(tracker, rows, [.1] * (len(rows) + 2))
    assert rows.bank_ids.unique().numel() == len(rows) == 50 and len(rows.free_ids) == 0
    assert rows.object_ids.tolist() == list(range(1, 51))


def test_full_bank_keeps_the_most_confident_and_says_so_once(tracker, start, monkeypatch):
    said = []
    monkeypatch.setattr(module, 'print_log', lambda message, **_: said.append(message))
    rows, kept = _update(tracker, start(tracker, 3), [.3, .2, .4, .1, .45])
    assert kept.tolist() == [0, 1, 3] and len(rows) == 3
    for _ in range(3):
        rows, kept = _update(tracker, rows, [.1] * 3 + [.1, .2])
        assert kept.tolist() == [0, 1, 2]
    assert len(said) == 1 and '5 new objects but 3 free IDs' in said[0]
    assert 'num_ids' in said[0] and 'max_absent' in said[0]


def test_max_absent_gives_ids_back(start):
    tracker = IDTracker(max_absent=2)
    rows, _ = _update(tracker, start(tracker, 3), [.1, .1])
    first, second = rows.bank_ids.tolist()
    rows, kept = _update(tracker, rows, [.9, .1])
    assert len(rows) == 2
    rows, kept = _update(tracker, rows, [.9, .1, .2])  # absent for the second time
    assert kept.tolist() == [1, 2]
    assert rows.object_ids.tolist() == [2, 3] and rows.bank_ids[0] == second
    assert rows.free_ids.tolist() == [first]
    rows, _ = _update(tracker, rows, [.1, .1, .1])
    assert rows.bank_ids[-1] == first and rows.object_ids.tolist() == [2, 3, 4]


def test_absence_must_be_in_a_row(start):
    tracker = IDTracker(max_absent=2)
    rows, _ = _update(tracker, start(tracker), [.1])
    for background in (.9, .1, .9, .1, .9):
        rows, _ = _update(tracker, rows, [background])
        assert len(rows) == 1


def test_ids_are_never_given_back_by_default(tracker, start):
    rows, _ = _update(tracker, start(tracker), [.1])
    for _ in range(20):
        rows, _ = _update(tracker, rows, [.9])
    assert len(rows) == 1 and rows.absent.tolist() == [20]


def test_max_absent_below_one():
    with pytest.raises(ValueError, match='max_absent=0'):
        IDTracker(max_absent=0)


def test_prompt_of_new_objects(tracker, start):
    before = start(tracker)
    rows = tracker.prompt(before, torch.tensor([9, 4]), _masks((0, 1), (1, 2)))
    assert rows.object_ids.tolist() == [9, 4] and rows.next_object_id == 10
    assert torch.equal(rows.bank_ids, before.free_ids[:2])
    expected = torch.zeros(2, *GRID)
    expected[0, 0, 1] = expected[1, 1, 2] = 1
    assert torch.equal(rows.masks, expected)


def test_prompt_replaces_known_objects_and_adds_others(tracker, start):
    first = tracker.prompt(start(tracker), torch.tensor([9, 4]), _masks((0, 1), (1, 2)))
    first, _ = _update(tracker, first, [.1, .9], detect=False)
    rows = tracker.prompt(first, torch.tensor([5, 4]), _masks((0, 0), (1, 0)))
    assert rows.object_ids.tolist() == [9, 4, 5]
    assert torch.equal(rows.bank_ids[:2], first.bank_ids) and len(rows.free_ids) == 3
    assert torch.equal(rows.masks[0], first.masks[0])
    assert rows.masks[1].nonzero().tolist() == [[1, 0]]
    assert rows.masks[2].nonzero().tolist() == [[0, 0]]
    assert rows.absent.tolist() == [0, 0, 0]  # who was given a mask is there
    assert not first.masks[1].any()  # what went in stays as it was


def test_prompt_with_more_objects_than_ids(tracker, start):
    rows = tracker.prompt(start(tracker, 3), torch.tensor([1, 2]), _masks((0, 0), (0, 1)))
    with pytest.raises(ValueError, match='prompts for 2 new objects, but only 1 of 3 IDs are free; '
                                         'give fewer or raise model.marker.num_ids'):
        tracker.prompt(rows, torch.tensor([2, 3, 4]), _masks((0, 0), (0, 1), (0, 2)))


def test_prompted_ids_are_not_given_to_detections(tracker, start):
    rows = tracker.prompt(start(tracker), torch.tensor([3]), _masks((0, 0)))
    rows, _ = _update(tracker, rows, [.1, .1])
    assert rows.object_ids.tolist() == [3, 4]
