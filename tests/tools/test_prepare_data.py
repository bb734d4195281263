"""The command line; what the commands do is tested in tests/datasets/preparation."""
import runpy
import shutil
import sys
from pathlib import Path

import pytest

TOOL = str(Path(__file__).parents[2] / 'tools/prepare_data.py')


@pytest.fixture
def prepare(monkeypatch, tmp_path):
    """Function that runs the tool in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', [TOOL, *map(str, arguments)])
        runpy.run_path(TOOL, run_name='__main__')
    return run


def test_check_whole_set(prepare, tiny_folder, capsys):
    prepare('check', 'synthetic', '--data-root', tiny_folder / 'data')
    rows = [line for line in capsys.readouterr().out.splitlines() if 'synthetic' in line]
    assert len(rows) == 3 and all('| ok ' in row for row in rows)


def test_check_says_what_is_absent_and_where_to_get_it(prepare, capsys):
    with pytest.raises(SystemExit, match='1'):
        prepare('check', 'mose')
    out = capsys.readouterr().out
    assert 'absent' in out and 'get it from https://henghuiding.com/MOSE/' in out


def test_sample_any_folder(prepare, tiny_folder, capsys):
    prepare('sample', '--format', 'youtube_vis', '--root', tiny_folder / 'data/synthetic/ytvis',
            '--ann-file', 'val.json', '--img', 'val/JPEGImages', '--count', 1, '--out', 'pictures')
    [path] = capsys.readouterr().out.split()
    assert Path(path).is_file() and path.startswith('pictures/val.json/youtube_vis-val_')


def test_split(prepare, tiny_folder, tmp_path, capsys):
    shutil.copy(tiny_folder / 'data/synthetic/ytvis/train.json', tmp_path)
    prepare('split', 'train.json', '--share', 0.5)
    assert capsys.readouterr().out.split() == ['train_sub.json', 'train_holdout.json']


def test_what_cannot_be_written(prepare, tiny_folder, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SystemExit, match="error: .*'file.*; give a path that can be written"):
        prepare('sample', '--format', 'youtube_vis', '--root',
                tiny_folder / 'data/synthetic/ytvis', '--ann-file', 'val.json', '--img',
                'val/JPEGImages', '--count', 1, '--out', 'file')


@pytest.mark.parametrize('arguments, message', [
    (['check', 'nope'], 'error: nope: is no known data set; choose of coco, '),
    (['sample'], 'error: data: holds no known data set; correct --data-root'),
    (['sample', 'ovis', '--count', 0], 'error: --count 0: draws nothing; give 1 or more'),
    (['sample', '--format', 'davis', '--root', 'gone'],
     'error: davis: gone is not there; correct --root'),
    (['convert', 'labelme', '.', 'x.json'], 'error: .: holds no .jpg or .jpeg or .png file'),
    (['sample', 'ovis'], 'error: ovis: data/ovis is not there; get it from https://songbai'),
    (['split', 'gone.json'], 'error: gone.json: cannot be read'),
    (['convert', 'labelme', 'gone', 'x.json'], 'error: gone: there is no such file or folder'),
])
def test_errors_are_one_line(prepare, arguments, message):
    with pytest.raises(SystemExit, match=message):
        prepare(*arguments)
