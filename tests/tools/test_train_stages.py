"""tools/train_stages.py on the tiny plan, with an iteration or two a stage."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ausm_mm.engine import read_checkpoint

ROOT = Path(__file__).resolve().parents[2]
PLAN = ROOT / 'configs/plans/ausm_tiny.py'
# A head for a data set more from stage 2 on
OPTIONS = ['train_cfg.max_iters=1', 'train_cfg.val_interval=1', 'train_dataloader.batch_size=1',
           'randomness.seed=0', *(f'stage{i}.model.head.num_classes.other=1' for i in (2, 3))]
EXTRA = ['head.classifiers.heads.other.weight', 'head.classifiers.heads.other.bias']


def arguments(work_dir, *settings) -> list:
    return [PLAN, '--work-dir', work_dir, '--cfg-options', *OPTIONS, *settings]


@pytest.fixture(scope='module')
def staged(tiny_folder, run_tool) -> Path:
    """Work directory of all three stages."""
    run_tool('train_stages.py', *arguments('staged'))
    return tiny_folder / 'staged'


@pytest.fixture
def copied(staged, tiny_folder):
    """Function (name) -> a copy of that work directory."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(staged, tiny_folder / name))

    return copy


def summary(work_dir: Path) -> list:
    return json.loads((work_dir / 'summary.json').read_text())['stages']


def weights(work_dir: Path, stage: int, iteration: int = 1) -> dict:
    return read_checkpoint(work_dir / f'stage{stage}/iter_{iteration}.pth')['state_dict']


def runs(work_dir: Path) -> list:
    """Names of the log folders of each stage: one for each time it was trained."""
    return [sorted(path.parent.name for path in (work_dir / f'stage{i}').glob('*/vis_data'))
            for i in (1, 2, 3)]


def test_summary(staged):
    stages = summary(staged)
    assert [stage['name'] for stage in stages] == ['stage1', 'stage2', 'stage3']
    assert [Path(stage['config']).name for stage in stages] == [
        f'ausm_tiny_stage{i}.py' for i in (1, 2, 3)]
    assert [stage['new_weights'] for stage in stages] == [
        [], ['head.classifiers.heads.other (2)'], []]
    for stage in stages:
        assert (stage['iterations'], stage['checkpoint']) == (1, 'iter_1.pth')
        assert stage['minutes'] > 0
        losses = dict(stage['losses'])
        assert losses.pop('loss') == pytest.approx(sum(losses.values())) and len(losses) >= 7
        assert {'vis/AP', 'vos/J&F'} < stage['metrics'].keys()
        assert 'time' not in stage['metrics']


def test_weights_are_handed_on(staged):
    """An iteration moves a weight by no more than the learning rate, 2 % of 1e-3 at the start;
    frozen parts, it does not move."""
    first, second, third = (weights(staged, i) for i in (1, 2, 3))
    assert second.keys() - first.keys() == set(EXTRA) and third.keys() == second.keys()
    for before, after in ((first, second), (second, third)):
        for name in ('marker.bank.weight', 'head.query_feat.weight', 'first_feature'):
            assert 0 < (after[name] - before[name]).abs().max() < 1e-4
    frozen = [name for name in third if name.startswith(('backbone.', 'pixel_encoder.'))]
    assert all(torch.equal(second[name], third[name]) for name in frozen) and len(frozen) > 50
    moved = [name for name in frozen if not torch.equal(first[name], second[name])]
    assert len(moved) > len(frozen) / 2


def test_what_is_finished_is_skipped(staged, run_tool, capsys):
    before, stamps = summary(staged), runs(staged)
    capsys.readouterr()
    run_tool('train_stages.py', *arguments('staged', 'train_dataloader.num_workers=1'))
    assert summary(staged) == before and runs(staged) == stamps
    rows = [line.split('|')[1].strip() for line in capsys.readouterr().out.splitlines()
            if line.startswith('|')]
    assert rows == ['stage', *(f'stage{i}, 1 iterations' for i in (1, 2, 3))]


def test_what_was_interrupted_goes_on(copied, run_tool):
    """In stage 2 after the first of two iterations."""
    work_dir = copied('halfway')
    before = runs(work_dir)
    shutil.rmtree(work_dir / 'stage3')
    (work_dir / 'stage2/stage.json').unlink()
    run_tool('train_stages.py', *arguments(
        'halfway', 'stage2.train_cfg.max_iters=2', 'stage2.train_cfg.val_interval=2'))
    stages = summary(work_dir)
    assert [stage['iterations'] for stage in stages] == [1, 2, 1]
    assert stages[1]['new_weights'] == ['head.classifiers.heads.other (2)']
    content = read_checkpoint(work_dir / 'stage2/iter_2.pth')
    assert {state['step'].item() for state in content['optimizer']['state'].values()} == {2}
    assert len(content['message_hub']['log_scalars']['train/time'].data[0]) == 2
    after = runs(work_dir)
    assert after[0] == before[0] and (len(after[1]), len(after[2])) == (2, 1)
    difference = weights(work_dir, 3)['first_feature'] - weights(work_dir, 2, 2)['first_feature']
    assert 0 < difference.abs().max() < 1e-4


def test_interrupted_between_the_last_iteration_and_its_validation(copied, run_tool):
    work_dir = copied('unscored')
    (work_dir / 'stage3/stage.json').unlink()
    log, = work_dir.glob('stage3/*/vis_data/scalars.json')
    log.write_text('')
    before = summary(work_dir)
    run_tool('train_stages.py', *arguments('unscored'))
    after = summary(work_dir)
    assert after[2]['metrics'] == before[2]['metrics'] != {}
    assert (after[2]['iterations'], after[2]['losses']) == (1, before[2]['losses'])


@pytest.mark.parametrize('remove, setting, parts', [
    ([], 'stage2.optim_wrapper.optimizer.lr=0.1',
     ['stage2: was trained with optim_wrapper.optimizer.lr=0.001, now it is 0.1']),
    (['stage2/iter_1.pth'], '', ['stage2/iter_1.pth: is gone', 'train the stage anew']),
    (['stage1/stage.json'], '', ['stage2: was trained from another stage1', 'delete the folder']),
    (['stage2', 'stage3'], 'stage2.model.head.num_queries=5',
     ['stage1/iter_1.pth: head.query_embed.weight is (12, 64) there and (5, 64) in the model']),
])
def test_what_does_not_fit_together(copied, tool_error, tmp_path, remove, setting, parts):
    work_dir = copied(tmp_path.name)
    for name in remove:
        path = work_dir / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    line = tool_error('train_stages.py', *arguments(tmp_path.name, *filter(None, [setting])))
    assert [part for part in parts if part not in line] == []


def test_missing_plan(tool_error):
    assert tool_error('train_stages.py', 'gone.py') == (
        'error: gone.py: no such plan; correct the path')


@pytest.mark.skipif(torch.cuda.is_available(), reason='would need two GPUs')
def test_two_processes(tiny_folder):
    """They train two stages in one group; one of them writes."""
    plan = tiny_folder / 'two_stages.py'
    configs = [str(ROOT / f'configs/ausm/ausm_tiny_stage{i}.py') for i in (1, 2)]
    plan.write_text(f"stages = [dict(name='stage1', config='{configs[0]}'),\n"
                    f"          dict(name='stage2', config='{configs[1]}')]\n")
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2',
               ROOT / 'tools/train_stages.py', plan, *arguments('two')[1:], '--launcher', 'pytorch']
    result = subprocess.run(
        [*map(str, command)], cwd=tiny_folder, env={**os.environ, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert result.returncode == 0, result.stdout
    assert [stage['iterations'] for stage in summary(tiny_folder / 'two')] == [1, 1]
    assert [len(names) for names in runs(tiny_folder / 'two')] == [1, 1, 0]
    assert result.stdout.count('| stage2, 1 iterations |') == 1
    difference = (weights(tiny_folder / 'two', 2)['first_feature']
                  - weights(tiny_folder / 'two', 1)['first_feature'])
    assert 0 < difference.abs().max() < 1e-4
