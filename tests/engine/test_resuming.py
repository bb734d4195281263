import pytest
import torch
from mmengine.config import Config

from ausm_mm.engine import CheckpointError, resume_from

CUT = 'cut short or no checkpoint; copy it again or take another one'


@pytest.fixture
def save(tmp_path):
    """Function (name, seed) that saves a checkpoint there; with seed None, weights only."""

    def save_(name: str, seed=3) -> str:
        content = dict(state_dict=dict(weight=torch.zeros(30)))
        if seed is not None:
            content.update(meta=dict(seed=seed), optimizer=dict())
        torch.save(content, tmp_path / name)
        return str(tmp_path / name)

    return save_


@pytest.fixture
def cfg(tmp_path):
    return Config(dict(work_dir=str(tmp_path), load_from='start.pth', resume=False,
                       randomness=dict(seed=8, deterministic=True)))


def cut(path: str) -> None:
    with open(path, 'r+b') as file:
        file.truncate(200)


def test_checkpoint_by_name(cfg, save):
    path = save('mine.pth')
    resume_from(cfg, path)
    assert (cfg.resume, cfg.load_from) == (True, path)
    assert cfg.randomness == dict(seed=3, deterministic=True)


def test_newest_by_number(cfg, save):
    for name in ('iter_9.pth', 'iter_1000.pth', 'iter_200.pth', 'best_iter_5000.pth', 'iter_x.pth'):
        save(name)
    resume_from(cfg, 'auto')
    assert cfg.load_from.endswith('/iter_1000.pth') and cfg.resume


def test_one_cut_short_is_passed_over(cfg, save):
    first, second, third = (save(f'iter_{i}.pth', seed=i) for i in (1, 2, 3))
    cut(third)
    resume_from(cfg, 'auto')
    assert cfg.load_from == second and cfg.randomness.seed == 2
    cut(second)
    resume_from(cfg, 'auto')
    assert cfg.load_from == first


def test_all_cut_short(cfg, save):
    for i in (1, 2):
        cut(save(f'iter_{i}.pth'))
    with pytest.raises(CheckpointError) as caught:
        resume_from(cfg, 'auto')
    assert str(caught.value) == f'{cfg.work_dir}/iter_2.pth: {CUT}'


def test_named_one_cut_short_is_refused(cfg, save):
    save('iter_1.pth')
    path = save('iter_2.pth')
    cut(path)
    with pytest.raises(CheckpointError, match=CUT):
        resume_from(cfg, path)


def test_nothing_to_resume(cfg):
    cfg.resume = True
    resume_from(cfg, 'auto')
    assert cfg.resume is False
    assert (cfg.load_from, cfg.randomness.seed) == ('start.pth', 8)


def test_weights_only(cfg, save):
    path = save('weights.pth', seed=None)
    with pytest.raises(CheckpointError) as caught:
        resume_from(cfg, path)
    assert str(caught.value) == (
        f'{path}: holds weights only, so its training cannot be resumed; start a new one from it '
        'with --cfg-options load_from=PATH')
