"""Bad input of tools/train.py and tools/test.py: one line with file or setting, value and cure."""
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ausm_mm.engine import read_checkpoint

ROOT = Path(__file__).resolve().parents[2]


def test_the_line_is_the_last_one_and_the_status_is_1(tiny_folder, train_arguments):
    """As a user sees it; the other tests look at the exception that ends the tool."""
    arguments = train_arguments('broken', 'train_dataloader.dataset.ann_file=absent.json')
    result = subprocess.run(
        [sys.executable, str(ROOT / 'tools/train.py'), *arguments], cwd=tiny_folder,
        capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert 'Traceback' not in result.stderr + result.stdout
    line = result.stderr.splitlines()[-1]
    assert line.startswith('error: data/synthetic/ytvis/absent.json: cannot be read (No such file')
    assert (result.stderr + result.stdout).count('error: ') == 1


@pytest.mark.parametrize('setting, parts', [
    ('train_dataloader.dataset.ann_file={folder}/half.json',
     ['half.json: is not valid json', 'copy or write it again']),
    ('train_dataloader.dataset.dataset_name=ovis',
     ["no classification head for data set 'ovis', only for ['synthetic']",
      'add it to model.head.num_classes']),
    ('model.marker.num_ids=1',
     ['video train_0', 'objects in one clip, but the ID bank has 1', 'raise num_ids']),
    ('train_dataloader.dataset.data_prefix.img={folder}/cut',
     ['/cut/train_0', '.jpg: is not a readable image', 'copy or extract it again']),
    ('train_dataloader.dataset.pipeline.0.length=0',
     ['SampleClip needs length >= 1', 'got length=0']),
    ('load_from={folder}/gone.pth', ['gone.pth: no such checkpoint', 'check the path']),
])
def test_training(tiny_folder, tmp_path, tool_error, train_arguments, setting, parts):
    source = tiny_folder / 'data/synthetic/ytvis'
    (tmp_path / 'half.json').write_text((source / 'train.json').read_text()[:500])
    shutil.copytree(source / 'train/JPEGImages', tmp_path / 'cut')
    for path in tmp_path.glob('cut/*/*.jpg'):
        path.write_bytes(path.read_bytes()[:600])

    line = tool_error('train.py', *train_arguments('bad', setting.format(folder=tmp_path)))

    assert [part for part in parts if part not in line] == []


def test_unreadable_image_in_a_worker(tiny_folder, tool_error, train_arguments):
    line = tool_error('train.py', *train_arguments(
        'bad', 'train_dataloader.dataset.data_prefix.img=gone', 'train_dataloader.num_workers=1'))
    assert 'gone/train_0' in line and 'cannot be read (No such file' in line


@pytest.mark.parametrize('tool', ['train.py', 'test.py'])
def test_missing_config(tool_error, tool):
    line = tool_error(tool, 'configs/gone.py', *['x.pth'] * (tool == 'test.py'))
    assert line == 'error: configs/gone.py: no such config; correct the path'


def test_resume_from_nothing_but_a_checkpoint_cut_short(
        trained, tiny_folder, tool_error, train_arguments):
    work_dir = tiny_folder / 'cut'
    work_dir.mkdir()
    content = (trained / 'iter_2.pth').read_bytes()
    (work_dir / 'iter_2.pth').write_bytes(content[:len(content) // 2])
    line = tool_error('train.py', *train_arguments('cut'), '--resume')
    assert line == ('error: cut/iter_2.pth: cut short or no checkpoint; copy it again or take '
                    'another one')


def test_resume_from_a_checkpoint_that_does_not_fit(trained, tool_error, train_arguments):
    path = trained / 'iter_2.pth'
    line = tool_error(
        'train.py', *train_arguments('unfit', 'model.head.num_queries=5'), '--resume', path)
    assert line.startswith(f'error: {path}: does not fit the model: 0 weights missing, 0 unknown, ')
    assert line.endswith('use the config it was trained with')


def test_resume_from_weights_only(trained, tmp_path, tool_error, train_arguments):
    weights = tmp_path / 'weights.pth'
    torch.save(read_checkpoint(trained / 'iter_2.pth')['state_dict'], weights)
    line = tool_error('train.py', *train_arguments('weights'), '--resume', weights)
    assert line.startswith(f'error: {weights}: holds weights only') and 'load_from=PATH' in line


def test_testing_a_checkpoint_that_does_not_fit(trained, tool_error, config):
    line = tool_error('test.py', config, trained / 'iter_2.pth', '--work-dir', 'bad',
                      '--cfg-options', 'model.head.num_classes.ovis=25')
    assert ('iter_2.pth: does not fit the model: 2 weights missing, 0 unknown, 0 of another shape '
            '(e.g. head.classifiers.heads.ovis.bias)') in line


def test_testing_more_prompts_than_ids(trained, tmp_path, tool_error, config):
    state = read_checkpoint(trained / 'iter_2.pth')['state_dict']
    state['marker.bank.weight'] = state['marker.bank.weight'][:1]
    torch.save(state, tmp_path / 'one_id.pth')
    line = tool_error('test.py', config, tmp_path / 'one_id.pth', '--work-dir', 'bad', '--out',
                      tmp_path / 'metrics.json', '--cfg-options', 'model.marker.num_ids=1')
    assert 'video test_00000, frame 0: prompts for ' in line
    assert 'of 1 IDs are free; give fewer or raise model.marker.num_ids' in line
    assert not (tmp_path / 'metrics.json').exists()


@pytest.mark.parametrize('setting, parts', [
    ('test_evaluator.0.ann_file=gone.json', ['gone.json: cannot be read', 'correct the path']),
    ('test_dataloader.dataset.datasets.1.task=vos', ["task='vos'", "('unprompted', 'prompted')"]),
])
def test_testing(trained, tool_error, config, setting, parts):
    line = tool_error('test.py', config, trained / 'iter_2.pth', '--work-dir', 'bad',
                      '--cfg-options', setting)
    assert [part for part in parts if part not in line] == []
