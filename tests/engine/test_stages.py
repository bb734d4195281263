"""Plans, records and summaries of trainings in stages."""
import json

import pytest
from mmengine.config import Config

from ausm_mm.engine.stages import (
    decisive_settings,
    format_summary,
    read_metrics,
    read_plan,
    read_record,
)
from ausm_mm.errors import UserError


@pytest.fixture
def plan(tmp_path):
    """Function (content) -> path of a plan beside a folder with the configs a.py and b.py."""

    def write(content: str) -> str:
        (tmp_path / 'configs').mkdir(exist_ok=True)
        for name in 'ab':
            (tmp_path / f'configs/{name}.py').write_text('x = 1\n')
        (tmp_path / 'plans').mkdir(exist_ok=True)
        path = tmp_path / 'plans/plan.py'
        path.write_text(content)
        return str(path)

    return write


TWO = ("stages = [dict(name='short', config='../configs/a.py'),\n"
       "          dict(name='long', config='../configs/b.py')]\n")


def test_plan(plan, tmp_path):
    short, long = read_plan(plan(TWO))
    assert (short.name, short.config) == ('short', str(tmp_path / 'configs/a.py'))
    assert (long.name, long.config) == ('long', str(tmp_path / 'configs/b.py'))
    assert short.options == long.options == {}


def test_options_of_all_stages_and_of_one(plan):
    short, long = read_plan(plan(TWO), {
        'long.a.b': 2, 'a.b': 1, 'longer.x': 3, 'short.c': 4})
    assert short.options == {'a.b': 1, 'longer.x': 3, 'c': 4}
    assert long.options == {'a.b': 2, 'longer.x': 3}


@pytest.mark.parametrize('content, message', [
    ('', r'plan.py: stages=None; give a list of dict\(name='),
    ('stages = []', r'stages=\[\]; give a list'),
    ("stages = [dict(name='a')]", "the stage {'name': 'a'} must be a dict of a name and a config"),
    ("stages = [dict(name='a', config='../configs/a.py', lr=1)]",
     'must be a dict of .* and nothing else'),
    ("stages = ['a.py']", 'the stage a.py must be a dict of a name and a config'),
    *((f"stages = [dict(name='{name}', config='../configs/a.py')]", 'name it by letters, digits')
      for name in ('', 'a.b', '../a')),
    ("stages = [dict(name='a', config=3)]", 'give the path of its config'),
    ("stages = [dict(name='a', config='../configs/a.py')] * 2",
     r"the stages are named \['a', 'a'\]; give each a name of its own"),
    ("stages = [dict(name='a', config='gone.py')]", 'plans/gone.py of a does not exist; correct'),
])
def test_malformed_plans(plan, content, message):
    with pytest.raises(UserError, match=message):
        read_plan(plan(content))


def test_missing_plan():
    with pytest.raises(UserError, match='^gone.py: no such plan; correct the path$'):
        read_plan('gone.py')


@pytest.fixture
def settings():
    """Function (changes) -> the decisive settings of a config."""

    def build(**changes):
        return decisive_settings(Config(dict(
            model=dict(type='X', sizes=(1, 2), empty=[]), train_cfg=dict(max_iters=3),
            train_dataloader=dict(batch_size=2, num_workers=4, dataset=[dict(type='D')]),
            optim_wrapper=dict(lr=0.1), log_level='INFO', **changes)))

    return build


def test_decisive_settings(settings):
    assert settings() == {
        'model.type': 'X', 'model.sizes.0': 1, 'model.sizes.1': 2, 'model.empty': [],
        'train_cfg.max_iters': 3, 'train_dataloader.batch_size': 2,
        'train_dataloader.dataset.0.type': 'D', 'optim_wrapper.lr': 0.1, 'param_scheduler': None}


@pytest.fixture
def stage(tmp_path, settings):
    """Function (changes of the record) -> folder of a finished stage."""

    def write(**changes):
        record = dict(name='short', checkpoint='iter_3.pth', settings=settings())
        (tmp_path / 'stage.json').write_text(json.dumps({**record, **changes}))
        (tmp_path / 'iter_3.pth').touch()
        return tmp_path

    return write


def test_record(stage, settings, tmp_path):
    assert read_record(tmp_path, settings()) is None
    assert read_record(stage(), settings()) == dict(name='short', checkpoint='iter_3.pth')


def test_record_of_a_stage_that_would_be_another_one_now(stage, settings):
    before = {**settings(), 'optim_wrapper.lr': 0.2}
    with pytest.raises(UserError, match=(
            r'was trained with optim_wrapper.lr=0.2, now it is 0.1; take that back, or delete')):
        read_record(stage(settings=before), settings())
    with pytest.raises(UserError, match='was trained with param_scheduler=None, now it is 0'):
        read_record(stage(), {**settings(), 'param_scheduler': 0})
    with pytest.raises(UserError, match='was trained with model.extra=None, now it is 1'):
        read_record(stage(), {**settings(), 'model.extra': 1})


def test_record_without_its_checkpoint(stage, settings):
    folder = stage()
    (folder / 'iter_3.pth').unlink()
    with pytest.raises(UserError, match='iter_3.pth: is gone; bring it back, or delete'):
        read_record(folder, settings())


def test_metrics_of_the_last_run_that_validated(tmp_path):
    runs = {
        '20260101_000000': [dict(loss=1., time=2., iter=2, step=2), {'vis/AP': 0.1, 'step': 2},
                            dict(loss=1., time=2., iter=4, step=4), {'vis/AP': 0.2, 'step': 4}],
        '20260102_000000': [{'vis/AP': 0.3, 'vos/J': 0.4, 'time': 5., 'step': 4}],
        '20260103_000000': [dict(loss=1., time=2., iter=4, step=4)],
    }
    for name, entries in runs.items():
        path = tmp_path / name / 'vis_data/scalars.json'
        path.parent.mkdir(parents=True)
        path.write_text(''.join(json.dumps(entry) + '\n' for entry in entries))
    assert read_metrics(tmp_path, 2) == {'vis/AP': 0.1}
    assert read_metrics(tmp_path, 4) == {'vis/AP': 0.3, 'vos/J': 0.4}
    assert read_metrics(tmp_path, 3) is None
    assert read_metrics(tmp_path / 'gone', 4) is None


def test_summary():
    records = [
        dict(name='short', iterations=3, minutes=1.5, losses=dict(loss=9.), metrics={}),
        dict(name='long', iterations=4, minutes=2., losses=dict(loss=8., other=1.),
             metrics={'vis/AP': 0.5, 'vis/AP50': 0.6, 'vos/J&F': 0.7})]
    rows = [[cell.strip() for cell in line.split('|')[1:-1]]
            for line in format_summary(records).splitlines() if line.startswith('|')]
    assert rows == [['stage', 'minutes', 'loss', 'vis/AP', 'vos/J&F'],
                    ['short, 3 iterations', '1.5000', '9.0000', '-', '-'],
                    ['long, 4 iterations', '2.0000', '8.0000', '0.5000', '0.7000']]
