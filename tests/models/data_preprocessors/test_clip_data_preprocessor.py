import pytest
import torch

from ausm_mm.models import ClipDataPreprocessor
from ausm_mm.structures import ClipDataSample

STATISTICS = dict(mean=(1, 2, 3), std=(2, 4, 5))


@pytest.fixture
def preprocessor():
    return ClipDataPreprocessor(**STATISTICS, pad_divisor=4)


def _clip(T, height, width):
    """Every pixel is blue 10, green 20, red 30."""
    return torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None].expand(T, 3, height, width)


EXPECTED = torch.tensor([(30 - 1) / 2, (20 - 2) / 4, (10 - 3) / 5])[:, None, None]
UNFLIPPED = torch.tensor([(10 - 1) / 2, (20 - 2) / 4, (30 - 3) / 5])[:, None, None]


@pytest.mark.parametrize('bgr_to_rgb, expected', [(True, EXPECTED), (False, UNFLIPPED)])
def test_normalises_by_hand(make_sample, bgr_to_rgb, expected):
    preprocessor = ClipDataPreprocessor(**STATISTICS, pad_divisor=4, bgr_to_rgb=bgr_to_rgb)
    data = dict(inputs=[_clip(2, 4, 8)], data_samples=[make_sample(torch.ones(1, 2, 4, 8))])
    out = preprocessor(data, training=True)
    torch.testing.assert_close(out['inputs'], expected.expand(1, 2, 3, 4, 8))


def test_pads_right_and_below_with_zeros(preprocessor, make_sample):
    """Clips of 5 x 4 and 3 x 10 share a canvas of 8 x 12."""
    sizes = [(5, 4), (3, 10)]
    data = dict(inputs=[_clip(2, *size) for size in sizes],
                data_samples=[make_sample(torch.ones(i + 1, 2, *size))
                              for i, size in enumerate(sizes)])
    out = preprocessor(data, training=True)
    assert out['inputs'].shape == (2, 2, 3, 8, 12)
    for i, (height, width) in enumerate(sizes):
        image = torch.zeros(8, 12)
        image[:height, :width] = 1
        torch.testing.assert_close(out['inputs'][i], (EXPECTED * image).expand(2, 3, 8, 12))
        masks = out['data_samples'][i].gt_instances.masks
        assert masks.dtype == torch.bool
        assert torch.equal(masks, image.bool().expand(i + 1, 2, 8, 12))
        assert out['data_samples'][i].img_shape == (height, width)
        # The data stay as they were: they may be preprocessed again.
        assert data['data_samples'][i].gt_instances.masks.shape[-2:] == (height, width)


def test_clip_without_objects(preprocessor, make_sample):
    data = dict(inputs=[_clip(1, 5, 4)], data_samples=[make_sample(torch.ones(0, 1, 5, 4))])
    out = preprocessor(data)
    assert out['data_samples'][0].gt_instances.masks.shape == (0, 1, 8, 4)


class _Video:
    """A video that remembers which frames were read."""

    def __init__(self):
        self.read = []

    def __len__(self):
        return 5

    def __getitem__(self, t):
        self.read.append(t)
        return _clip(1, 5, 4)[0] + t


def test_videos_stay_lazy(preprocessor):
    video = _Video()
    sample = ClipDataSample(metainfo=dict(task='unprompted'))
    out = preprocessor(dict(inputs=[video], data_samples=[sample]))
    frames = out['inputs'][0]
    assert video.read == [] and len(frames) == 5
    frame = frames[3]
    assert video.read == [3]
    assert frame.shape == (1, 3, 8, 4) and frame[:, :, 5:].abs().max() == 0
    by_hand = torch.tensor([(33 - 1) / 2, (23 - 2) / 4, (13 - 3) / 5])
    torch.testing.assert_close(frame[0, :, 4, 3], by_hand)
    assert out['data_samples'][0].task == 'unprompted'


def test_the_last_frame_is_kept(preprocessor):
    """One decoding for a frame that is asked for several times in a row, and no more memory."""
    video = _Video()
    frames = preprocessor(dict(inputs=[video], data_samples=[ClipDataSample()]))['inputs'][0]
    seen = [frames[t][0, :, 0, 0] for t in (0, 0, 2, 2, 2, 0)]
    assert video.read == [0, 2, 0]
    for t, pixel in zip((0, 0, 2, 2, 2, 0), seen):
        torch.testing.assert_close(pixel, torch.tensor(
            [(30 + t - 1) / 2, (20 + t - 2) / 4, (10 + t - 3) / 5]))


def test_list_of_frames_is_a_video(preprocessor):
    out = preprocessor(dict(inputs=[list(_clip(2, 4, 4))], data_samples=[ClipDataSample()]))
    torch.testing.assert_close(out['inputs'][0][1], EXPECTED.expand(1, 3, 4, 4))


def test_statistics_are_not_part_of_a_checkpoint(preprocessor):
    assert preprocessor.state_dict() == {}
