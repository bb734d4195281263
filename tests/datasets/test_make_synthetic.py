"""The command ``tools/dataset_converters/make_synthetic.py``."""
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*arguments):
    return subprocess.run(
        [sys.executable, 'tools/dataset_converters/make_synthetic.py', *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False)


def test_command(tmp_path):
    counts = ('--num-train', 2, '--num-val', 1, '--num-test', 0)
    result = run(tmp_path / 'set', *counts, '--frames', 3, 5, '--size', 32, 48, '--min-objects', 1,
                 '--max-objects', 1, '--num-classes', 6, '--min-visible', 4, '--seed', 7)
    assert result.returncode == 0, result.stderr
    stats = json.loads((tmp_path / 'set/stats.json').read_text())
    assert stats['options'] == dict(
        num_train=2, num_val=1, num_test=0, frames=[3, 5], size=[32, 48], min_objects=1,
        max_objects=1, num_classes=6, min_visible=4, seed=7)
    assert '2 clips' in result.stdout

    result = run(tmp_path / 'set', *counts)
    assert result.returncode == 1
    assert result.stderr.startswith('error: ') and result.stderr.count('\n') == 1
    assert 'other options' in result.stderr
