import torch

from ausm_mm.structures import FrameFeatures, valid_cells


def test_valid_cells_by_hand():
    """Canvas of 4 x 8 pixels, cells of 2 x 2: a cell counts if one pixel of it is image."""
    sizes = torch.tensor([[4, 8], [3, 5], [2, 2], [1, 1]])
    valid = valid_cells(sizes, (4, 8), (2, 4))
    assert valid.int().tolist() == [
        [[1, 1, 1, 1], [1, 1, 1, 1]],
        [[1, 1, 1, 0], [1, 1, 1, 0]],
        [[1, 0, 0, 0], [0, 0, 0, 0]],
        [[1, 0, 0, 0], [0, 0, 0, 0]]]


def test_valid_cells_equal_any_pixel_of_the_cell():
    canvas, size = (24, 40), (3, 5)
    for height in range(1, 25, 3):
        for width in range(1, 41, 7):
            image = torch.zeros(canvas)
            image[:height, :width] = 1
            expected = image.view(3, 8, 5, 8).amax((1, 3)).bool()
            valid = valid_cells(torch.tensor([[height, width]]), canvas, size)
            assert torch.equal(valid[0], expected)


def test_features():
    levels = (torch.zeros(1, 4, 1, 2), torch.ones(1, 4, 2, 4))
    features = FrameFeatures(levels, torch.zeros(1, 4, 4, 8), levels[-1], torch.tensor([[9, 20]]),
                             (16, 32))
    assert features.x is levels[1]
    assert features.valid((2, 4)).int().tolist() == [[[1, 1, 1, 0], [1, 1, 1, 0]]]
    assert features.valid((1, 2)).int().tolist() == [[[1, 1]]]
