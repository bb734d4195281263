import pytest
import torch
import torch.nn.functional as F
from pycocotools import mask as mask_utils

from ausm_mm.models.trackers import FrameMasks, FramePrediction, TrackRecorder

SIZE = (4, 6)


def _frame(object_ids, class_probs, masks, canvas=SIZE, image_size=SIZE):
    """Prediction at full resolution; masks are logits."""
    return FramePrediction(torch.tensor(object_ids, dtype=torch.long),
                           torch.tensor(class_probs).reshape(-1, 3),
                           masks, canvas, image_size)


def _decode(rle):
    return torch.from_numpy(mask_utils.decode(rle)).bool()


def _box(top, left, bottom, right):
    logits = torch.full(SIZE, -1.)
    logits[top:bottom, left:right] = 1
    return logits


FOUND, HIDDEN = [.8, .1, .1], [.1, .2, .7]


def test_unprompted_tracks():
    recorder = TrackRecorder(SIZE, exclusive=False)
    first, second = _box(0, 0, 2, 3), _box(1, 2, 4, 6)
    recorder.add(0, _frame([], [], torch.zeros(0, *SIZE)))
    recorder.add(1, _frame([1], [FOUND], first[None]))
    recorder.add(2, _frame([1, 2], [HIDDEN, [.1, .5, .4]], torch.stack([first, second])))
    recorder.add(3, _frame([1, 2], [[.4, .5, .1], [.2, .6, .2]], torch.stack([second, first])))
    one, two = recorder.tracks()
    assert (one.object_id, two.object_id) == (1, 2)
    assert [rle is None for rle in one.segmentations] == [True, False, True, False]
    assert [rle is None for rle in two.segmentations] == [True, True, False, False]
    assert torch.equal(_decode(one.segmentations[1]), first > 0)
    assert torch.equal(_decode(one.segmentations[3]), second > 0)
    # Mean class probability over the frames in which it was there: (.6, .3) and (.15, .55)
    assert one.label == 0 and one.score == pytest.approx(.6)
    assert two.label == 1 and two.score == pytest.approx(.55)
    overlapping = _decode(one.segmentations[3]) & _decode(two.segmentations[3])
    assert overlapping.any()  # unprompted masks may overlap


def test_background_of_exactly_one_half_is_shown():
    recorder = TrackRecorder(SIZE, exclusive=False)
    recorder.add(0, _frame([1], [[.3, .2, .5]], _box(0, 0, 1, 1)[None]))
    assert recorder.tracks()[0].segmentations[0] is not None


def test_recorders_with_other_limits_share_masks():
    frame = _frame([1, 2], [[.3, .1, .6], [.2, .0, .8]], torch.stack([_box(0, 0, 1, 1)] * 2))
    masks = FrameMasks(frame, SIZE, exclusive=False)
    recorders = [TrackRecorder(SIZE, False, absent_above=limit) for limit in (.5, .7, .9)]
    for recorder in recorders:
        recorder.add(0, frame, masks)
    assert [[track.object_id for track in recorder.tracks()] for recorder in recorders] == [
        [], [1], [1, 2]]
    assert recorders[1].tracks()[0] == recorders[2].tracks()[0]
    assert recorders[1].tracks()[0].segmentations[0] is recorders[2].tracks()[0].segmentations[0]


def test_shown_with_an_empty_mask_is_absent():
    recorder = TrackRecorder(SIZE, exclusive=False)
    recorder.add(0, _frame([1], [FOUND], _box(0, 0, 1, 1)[None]))
    recorder.add(1, _frame([1], [FOUND], _box(0, 0, 0, 0)[None]))
    assert recorder.tracks()[0].segmentations[1] is None


def test_prompted_masks_are_a_label_map():
    logits = torch.randn(3, *SIZE)
    recorder = TrackRecorder(SIZE, exclusive=True)
    recorder.add(0, _frame([7, 2, 5], [FOUND, HIDDEN, FOUND], logits))
    tracks = {track.object_id: track for track in recorder.tracks()}
    assert sorted(tracks) == [2, 5, 7]
    label_map = torch.cat([torch.zeros(1, *SIZE), logits]).argmax(0)  # 0 for the background
    for row, object_id in enumerate([7, 2, 5], start=1):
        assert torch.equal(_decode(tracks[object_id].segmentations[0]), label_map == row)
        assert tracks[object_id].score == 1.0


def test_prompted_rows_are_never_left_out():
    recorder = TrackRecorder(SIZE, exclusive=True, max_per_frame=1)
    masks = torch.stack([_box(0, 0, 2, 2), _box(2, 2, 4, 4)])
    recorder.add(0, _frame([1, 2], [HIDDEN, HIDDEN], masks))
    assert all(track.segmentations[0] is not None for track in recorder.tracks())


def test_max_per_frame_keeps_the_best_of_each_frame():
    recorder = TrackRecorder(SIZE, exclusive=False, max_per_frame=2)
    masks = _box(0, 0, 2, 2).expand(3, *SIZE)
    recorder.add(0, _frame([1, 2, 3], [[.9, .0, .1], [.3, .4, .3], [.6, .1, .3]], masks))
    recorder.add(1, _frame([1, 2, 3], [[.1, .1, .8], [.5, .2, .3], [.6, .1, .3]], masks))
    tracks = recorder.tracks()
    shown = {t.object_id: [rle is not None for rle in t.segmentations] for t in tracks}
    assert shown == {1: [True, False], 2: [False, True], 3: [True, True]}
    assert tracks[1].score == pytest.approx(.5)  # the frame in which it was left out is not in it


def test_no_objects():
    recorder = TrackRecorder(SIZE, exclusive=False)
    assert recorder.tracks() == []
    recorder.add(0, _frame([], [], torch.zeros(0, *SIZE)))
    assert recorder.tracks() == []


def test_logits_at_the_stored_size():
    """Masks at stride 4 over a canvas of 16 x 24, of which 12 x 21 are image; stored 30 x 50."""
    logits = torch.randn(2, 4, 6)
    prediction = _frame([1, 2], [FOUND, FOUND], logits, canvas=(16, 24), image_size=(12, 21))
    image = F.interpolate(logits[None], (16, 24), mode='bilinear')[:, :, :12, :21]
    torch.testing.assert_close(prediction.logits_at((12, 21)), image[0])
    expected = F.interpolate(image, (30, 50), mode='bilinear')[0]
    torch.testing.assert_close(prediction.logits_at((30, 50)), expected)
    recorder = TrackRecorder((30, 50), exclusive=False)
    recorder.add(0, prediction)
    for track, logit in zip(recorder.tracks(), expected):
        assert track.segmentations[0]['size'] == [30, 50]
        assert torch.equal(_decode(track.segmentations[0]), logit > 0)


def test_half_precision():
    recorder = TrackRecorder(SIZE, exclusive=True)
    prediction = _frame([1], [FOUND], _box(0, 0, 2, 2)[None])
    recorder.add(0, prediction._replace(class_probs=prediction.class_probs.bfloat16(),
                                     mask_logits=prediction.mask_logits.bfloat16()))
    assert _decode(recorder.tracks()[0].segmentations[0]).sum() == 4


def test_frames_in_any_order():
    """The last of two passes goes backwards."""
    masks = [_box(0, 0, 1 + t, 2) for t in range(3)]
    probs = [[.8, .1, .1], [.6, .3, .1], [.1, .7, .2]]
    tracks = []
    for order in ((0, 1, 2), (2, 1, 0)):
        recorder = TrackRecorder(SIZE, exclusive=False)
        for t in order:
            recorder.add(t, _frame([4], [probs[t]], masks[t][None]))
        tracks += recorder.tracks()
    for track in tracks:
        assert [int(_decode(rle).sum()) for rle in track.segmentations] == [2, 4, 6]
        assert (track.object_id, track.label, track.score) == (4, 0, pytest.approx(.5))


@pytest.mark.parametrize('keep, expected', [
    ([True, False, True], [7, 5]), ([False] * 3, []), ([True] * 3, [7, 2, 5])])
def test_select(keep, expected):
    prediction = _frame([7, 2, 5], [[.1, .2, .7], [.2, .3, .5], [.3, .4, .3]],
                        torch.randn(3, *SIZE))
    selected = prediction.select(keep)
    assert selected.object_ids.tolist() == expected
    for name in ('class_probs', 'mask_logits'):
        rows = [row for row, kept in zip(getattr(prediction, name), keep) if kept]
        assert len(getattr(selected, name)) == len(rows)
        assert all(map(torch.equal, getattr(selected, name), rows))
    assert (selected.canvas, selected.image_size) == (SIZE, SIZE)


def test_select_of_no_objects():
    assert len(_frame([], [], torch.zeros(0, *SIZE)).select([]).mask_logits) == 0
