import numpy as np
import pytest

from ausm_mm.datasets.synthetic.motion import SWELL, plan_motion

SIZE = (64, 96)


def plans(num_objects=3, num_frames=18, count=40):
    return [plan_motion(np.random.default_rng(seed), num_objects, num_frames, SIZE)
            for seed in range(count)]


def test_shapes_and_radii():
    for motions, pillar in plans():
        assert len(motions) == 3
        for motion in motions:
            assert motion.center.shape == (18, 2)
            assert motion.radius.shape == motion.angle.shape == (18, )
            assert (motion.radius >= 8 * (1 - SWELL)).all()
            assert (motion.radius <= 14 * (1 + SWELL)).all()
        if pillar:
            assert pillar.x.shape == (18, )
            assert 0 < pillar.width <= 0.26 * 96


def test_motion_is_smooth():
    for motions, _ in plans():
        for motion in motions:
            velocity = np.diff(motion.center, axis=0)  # pixels in one frame
            assert np.linalg.norm(velocity, axis=1).max() < 20  # in a hurry to leave
            assert np.linalg.norm(np.diff(velocity, axis=0), axis=1).max() < 9
            assert abs(np.diff(motion.radius)).max() < 1
            assert abs(np.diff(motion.angle)).max() <= np.deg2rad(7) + 1e-9


def test_some_leave_some_come_late_and_the_first_never_does():
    gone, late = 0, 0
    for motions, _ in plans():
        outside = [((m.center < -m.radius[:, None]) |
                    (m.center > np.array([96, 64]) + m.radius[:, None])).any(axis=1)
                   for m in motions]
        assert not outside[0][0]
        late += sum(o[0] for o in outside)
        gone += sum(o.any() and not o[0] for o in outside)
    assert late > 10 and gone > 10


@pytest.mark.parametrize('num_frames', [1, 2, 3, 7, 60])
@pytest.mark.parametrize('num_objects', [1, 40])
def test_any_length_and_number(num_frames, num_objects):
    for motions, _ in plans(num_objects, num_frames, count=10):
        for motion in motions:
            assert np.isfinite(motion.center).all() and len(motion.center) == num_frames
