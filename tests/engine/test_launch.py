import argparse

import pytest

from ausm_mm.engine import add_run_arguments, load_config
from ausm_mm.errors import UserError


@pytest.fixture
def load(tmp_path):
    """Function (content of the config, *arguments) -> the config."""

    def load_(content: str, *arguments):
        parser = argparse.ArgumentParser()
        parser.add_argument('config')
        add_run_arguments(parser)
        path = tmp_path / 'short.py'
        path.write_text(content)
        return load_config(parser.parse_args([str(path), *arguments]))

    return load_


def test_options_override_the_config(load):
    cfg = load('a = dict(b=1, c=[dict(d=1)])\n', '--cfg-options', 'a.b=2', 'a.c.0.d=x', 'e=True')
    assert cfg.a == dict(b=2, c=[dict(d='x')]) and cfg.e is True
    assert cfg.launcher == 'none' and 'model_wrapper_cfg' not in cfg


@pytest.mark.parametrize('content, arguments, expected', [
    ('', [], 'work_dirs/short'),
    ("work_dir = 'mine'", [], 'mine'),
    ("work_dir = 'mine'", ['--work-dir', 'yours'], 'yours'),
    ('work_dir = None', [], 'work_dirs/short'),
])
def test_work_dir(load, content, arguments, expected):
    assert load(content, *arguments).work_dir == expected


def test_missing_config():
    with pytest.raises(UserError, match='^gone.py: no such config; correct the path$'):
        load_config(argparse.Namespace(config='gone.py'))
