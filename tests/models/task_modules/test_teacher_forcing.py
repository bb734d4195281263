import pytest
import torch

from ausm_mm.models import TeacherForcing

# Rows: frames 1-5; columns: three objects. 1 where the object is visible.
VISIBLE = [[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1],
           [1, 0, 1],
           [1, 1, 1]]
HAND_OVER = [2, 3, 5]
# Rows of A_{t-1}: an object is in use after its hand-over frame, hidden (object 2, frame 4) or not.
IN_USE = [[0, 0, 0],
          [0, 0, 0],
          [1, 0, 0],
          [1, 1, 0],
          [1, 1, 0]]
# Detection targets: visible and not in use.
DETECT = [[1, 0, 0],
          [1, 1, 0],
          [0, 1, 1],
          [0, 0, 1],
          [0, 0, 1]]
# Which frame's mask the history of each frame shows, 0 for an empty mask.
HISTORY = [[0, 0, 0],
           [0, 0, 0],
           [2, 0, 0],
           [3, 3, 0],
           [4, 0, 0]]  # object 2 is hidden in frame 4: its history is empty


def _masks(visible):
    """(n, T, 6, 8): every visible object-frame lights a pixel of its own."""
    visible = torch.as_tensor(visible).t()
    masks = torch.zeros(*visible.shape, 6, 8, dtype=torch.bool)
    for i, t in visible.nonzero().tolist():
        masks[i, t, i % 6, t % 8] = True
    return masks


def _history(table, masks):
    """(T, n, 6, 8) from a table of frames (counted from 1)."""
    out = torch.zeros_like(masks).transpose(0, 1)
    for t, row in enumerate(table):
        for i, frame in enumerate(row):
            if frame:
                out[t, i] = masks[i, frame - 1]
    return out


@pytest.fixture
def force(monkeypatch):
    """Function (samples, hand-over frames of each) -> targets, with the draw replaced."""

    def run(samples, hand_overs, num_ids=8):
        n = max(len(s) for s in hand_overs)
        draws = iter(torch.tensor(list(s) + [1] * (n - len(s))) for s in hand_overs)
        forcing = TeacherForcing(num_ids)
        monkeypatch.setattr(forcing, '_hand_over', lambda *_: next(draws))
        return forcing(samples)

    return run


def test_unprompted_table(force, make_sample):
    masks = _masks(VISIBLE)
    forced = force([make_sample(masks, labels=[2, 0, 1])], [HAND_OVER])
    assert forced.in_use[0].int().tolist() == IN_USE
    assert forced.detect[0].int().tolist() == DETECT
    assert forced.visible[0].int().tolist() == VISIBLE
    assert torch.equal(forced.history_masks[0], _history(HISTORY, masks))
    assert torch.equal(forced.masks[0], masks.transpose(0, 1))
    assert forced.labels.tolist() == [[2, 0, 1]]
    assert forced.exhaustive.tolist() == [True] and forced.dataset_names == ['shapes']
    assert forced.bank_ids.shape == (1, 3) and forced.bank_ids.unique().numel() == 3


def test_prompted_table(force, make_sample):
    """Object 1 is given with frame 1 (s = 0): in use from the start, its own mask is M_0."""
    masks = _masks(VISIBLE)
    forced = force([make_sample(masks)], [[0, 3, 5]])
    assert forced.in_use[0, :, 0].all() and not forced.detect[0, :, 0].any()
    assert forced.in_use[0, :, 1:].int().tolist() == [row[1:] for row in IN_USE]
    table = [[1, 0, 0], [1, 0, 0], [2, 0, 0], [3, 3, 0], [4, 0, 0]]
    assert torch.equal(forced.history_masks[0], _history(table, masks))


def test_object_that_returns(force, make_sample):
    """Hidden before its hand-over it is no target; hidden after it, it keeps its row."""
    visible = [[1], [0], [1], [0], [0], [1]]
    masks = _masks(visible)
    forced = force([make_sample(masks)], [[3]])
    assert forced.detect[0, :, 0].int().tolist() == [1, 0, 1, 0, 0, 0]
    assert forced.in_use[0, :, 0].int().tolist() == [0, 0, 0, 1, 1, 1]
    assert torch.equal(forced.history_masks[0],
                       _history([[0], [0], [0], [3], [0], [0]], masks))


def test_clips_with_different_numbers_of_objects(force, make_sample):
    masks = _masks(VISIBLE)
    samples = [make_sample(masks[:1], labels=[2]),
               make_sample(masks, labels=[1, 2, 0]),
               make_sample(masks[:0], labels=[], dataset_name='plain')]
    forced = force(samples, [HAND_OVER[:1], HAND_OVER, []])
    padding = [[False] * 3] * 5
    assert forced.in_use[1].int().tolist() == IN_USE
    assert forced.in_use[0].int().tolist() == [[row[0], 0, 0] for row in IN_USE]
    assert forced.detect[0].int().tolist() == [[row[0], 0, 0] for row in DETECT]
    assert forced.in_use[2].tolist() == forced.detect[2].tolist() == padding
    assert not forced.visible[0, :, 1:].any() and not forced.history_masks[2].any()
    assert not forced.masks[0, :, 1:].any() and not forced.masks[2].any()
    assert forced.labels[0, 0] == 2 and forced.labels[1].tolist() == [1, 2, 0]
    assert forced.dataset_names == ['shapes', 'shapes', 'plain']


def test_ids_without_replacement_and_all_of_them(make_sample):
    forcing, sample = TeacherForcing(num_ids=5), make_sample(_masks([[1, 1, 1]]))
    counts = torch.zeros(5)
    for _ in range(200):
        forced = forcing([sample, sample])
        for ids in forced.bank_ids:
            assert ids.unique().numel() == 3
            counts[ids] += 1
        assert 0 <= forced.bank_ids.min() and forced.bank_ids.max() < 5
    assert (counts / 400 - 0.6).abs().max() < 0.1


@pytest.mark.parametrize('T', [1, 2, 16])
@pytest.mark.parametrize('n', [0, 1, 100])
def test_sizes(make_sample, n, T):
    """Every object is a target of each frame in which it is visible, once."""
    visible = (torch.rand(T, n) > 0.3)
    visible[0, ~visible.any(0)] = True
    forced = TeacherForcing(num_ids=100)([make_sample(_masks(visible))])
    in_use, detect = forced.in_use[0], forced.detect[0]
    assert in_use.shape == (T, n) and forced.history_masks.shape == (1, T, n, 6, 8)
    assert torch.equal((in_use | detect) & visible, visible) and not (in_use & detect).any()
    assert not (detect & ~visible).any()
    assert forced.bank_ids.unique().numel() == n


def test_more_objects_than_ids(make_sample):
    sample = make_sample(_masks([[1, 1, 1]]))
    with pytest.raises(ValueError, match='video clip: 3 objects in one clip, but the ID bank has '
                                         '2; raise num_ids or drop objects'):
        TeacherForcing(num_ids=2)([sample])


def _draws(forcing, sample, visible, times=2000):
    visible = torch.tensor(visible).bool()
    return torch.stack([forcing._hand_over(sample, visible) for _ in range(times)])


def test_hand_over_is_uniform_over_the_visible_frames(make_sample):
    sample = make_sample(_masks(VISIBLE))
    draws = _draws(TeacherForcing(8, prompted_prob=0), sample, VISIBLE)
    for i, frames in enumerate(([1, 2, 3, 4, 5], [2, 3, 5], [3, 4, 5])):
        counts = torch.bincount(draws[:, i], minlength=6) / len(draws)
        for frame in range(6):
            expected = 1 / len(frames) if frame in frames else 0
            assert counts[frame].item() == pytest.approx(expected, abs=0.04)
    joint = ((draws[:, 0] == 5) & (draws[:, 1] == 5)).float().mean()  # independent: 1/5 * 1/3
    assert joint.item() == pytest.approx(1 / 15, abs=0.03)


def test_prompted_clips_hand_over_the_first_frames_objects_at_once(make_sample):
    sample = make_sample(_masks(VISIBLE), task='prompted')
    draws = _draws(TeacherForcing(8, prompted_prob=0), sample, VISIBLE, 300)
    assert (draws[:, 0] == 0).all()
    assert draws[:, 1].unique().tolist() == [2, 3, 5]
    assert draws[:, 2].unique().tolist() == [3, 4, 5]


def test_prompted_prob_is_the_share_of_prompted_clips(make_sample):
    sample = make_sample(_masks(VISIBLE))
    draws = _draws(TeacherForcing(8, prompted_prob=0.3), sample, VISIBLE, 2000)
    assert (draws[:, 0] == 0).float().mean().item() == pytest.approx(0.3, abs=0.04)
    always = _draws(TeacherForcing(8, prompted_prob=1), sample, VISIBLE, 50)
    assert (always[:, 0] == 0).all()


@pytest.mark.parametrize('task', ['prompted', 'unprompted'])
def test_masks_that_are_not_exhaustive(make_sample, task):
    """s is 0 for the objects of frame 1, else the first visible frame; no detection loss."""
    sample = make_sample(_masks(VISIBLE), task=task, exhaustive=False)
    forcing = TeacherForcing(8, prompted_prob=0)
    assert (_draws(forcing, sample, VISIBLE, 50) == torch.tensor([0, 2, 3])).all()
    forced = forcing([sample])
    assert forced.exhaustive.tolist() == [False]
    assert forced.in_use[0].int().tolist() == [
        [1, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]


def test_draws_follow_from_the_samples_seed_alone(make_sample):
    """On any rank, in any batch, whatever was drawn before."""
    samples = [make_sample(torch.ones(n, 6, 4, 4), exhaustive=n != 3) for n in (2, 0, 5, 3)]
    for seed, sample in enumerate(samples):
        sample.set_metainfo(dict(seed=seed))
    forcing = TeacherForcing(8)
    together = forcing(samples)
    for b, sample in enumerate(samples):
        torch.rand(b)
        alone, n = forcing([sample]), len(sample.gt_instances)
        assert alone.bank_ids[0].tolist() == together.bank_ids[b, :n].tolist()
        assert alone.in_use[0].tolist() == together.in_use[b, :, :n].tolist()
    samples[2].set_metainfo(dict(seed=9))
    assert forcing(samples).bank_ids[2].tolist() != together.bank_ids[2].tolist()


def test_without_a_seed_every_draw_is_another(make_sample):
    forcing, sample = TeacherForcing(8), make_sample(torch.ones(5, 6, 4, 4))
    assert len({tuple(forcing([sample]).bank_ids[0].tolist()) for _ in range(5)}) > 1
