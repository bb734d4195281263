import cv2
import numpy as np
import pytest

from ausm_mm.visualization import ImageFiles


def test_reads_on_access(tmp_path):
    cv2.imwrite(str(tmp_path / '0.png'), np.full((4, 6, 3), (1, 2, 3), np.uint8))
    frames = ImageFiles([str(tmp_path / '0.png'), str(tmp_path / '1.png')])
    assert len(frames) == 2
    assert frames[0].shape == (4, 6, 3)
    assert frames[0][0, 0].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match='1.png'):
        frames[1]
