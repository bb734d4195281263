"""Running the tools on a tiny set, and a checkpoint trained once for all tests of this folder."""
import runpy
import sys
from pathlib import Path

import pytest

from ausm_mm.datasets.synthetic import SyntheticOptions, write_synthetic

ROOT = Path(__file__).resolve().parents[2]
# tools/ is no package; at the end of the path, so that tools/test.py hides no other module
sys.path.append(str(ROOT / 'tools'))


@pytest.fixture(scope='session')
def config() -> str:
    return str(ROOT / 'configs/ausm/ausm_tiny_synthetic-10min.py')


@pytest.fixture(scope='session')
def tiny_options() -> SyntheticOptions:
    return SyntheticOptions(num_train=4, num_val=1, num_test=3, frames=(5, 6))


@pytest.fixture(scope='session')
def tiny_folder(tmp_path_factory, tiny_options) -> Path:
    """A folder with data/synthetic, where the configs look for it."""
    folder = tmp_path_factory.mktemp('tools')
    write_synthetic(folder / 'data/synthetic', tiny_options)
    return folder


@pytest.fixture(scope='session')
def run_tool(tiny_folder):
    """Function (tool, *arguments): run its command line in the tiny folder, in this process, since
    starting Python and its imports would take longer than the run."""

    def run(tool: str, *arguments) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tiny_folder)
            patch.setattr(sys, 'argv', [tool, *map(str, arguments)])
            runpy.run_path(str(ROOT / 'tools' / tool), run_name='__main__')

    return run


@pytest.fixture(scope='session')
def train_arguments(config):
    """Function (work_dir, *settings) -> arguments of tools/train.py for one iteration, with the
    same data and weights every time; ``settings`` come last and may say otherwise."""

    def build(work_dir, *settings) -> list:
        return [config, '--work-dir', work_dir, '--cfg-options', 'train_cfg.max_iters=1',
                'train_cfg.val_interval=1000', 'train_dataloader.batch_size=2',
                'default_hooks.logger.interval=1', 'randomness.seed=0', *settings]

    return build


@pytest.fixture(scope='session')
def trained(tiny_folder, run_tool, train_arguments) -> Path:
    """Work directory of a training of two iterations."""
    run_tool('train.py', *train_arguments('work', 'train_cfg.max_iters=2'))
    return tiny_folder / 'work'


@pytest.fixture
def tool_error(run_tool):
    """Function (tool, *arguments): the one line that the tool ends with."""

    def run(tool: str, *arguments) -> str:
        with pytest.raises(SystemExit) as caught:
            run_tool(tool, *arguments)
        line = caught.value.code  # Python prints a text to stderr and exits with status 1
        assert isinstance(line, str) and line.startswith('error: ') and '\n' not in line
        return line

    return run
