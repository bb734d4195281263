"""tools/demo.py from the videos to the table, on a tiny set."""
import json
import shutil
from pathlib import Path

import demo
import pytest
from mmengine.evaluator import BaseMetric

from ausm_mm.structures import ClipDataSample

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path, monkeypatch, tiny_options) -> Path:
    """A folder that stands in for this checkout, with a config of one iteration."""
    for name in ('configs', 'tools'):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / 'short.py').write_text(
        "_base_ = 'configs/ausm/ausm_tiny_synthetic-10min.py'\n"
        'train_cfg = dict(max_iters=1)\ntrain_dataloader = dict(batch_size=1)\n')
    monkeypatch.setattr(demo, 'ROOT', tmp_path)
    monkeypatch.setattr(demo, 'SyntheticOptions', lambda: tiny_options)
    monkeypatch.setattr('sys.argv', ['demo.py', '--config', 'short.py', '--work-dir', 'work'])
    monkeypatch.chdir(tmp_path)  # main() changes it too, for good
    return tmp_path


def test_demo(checkout, capfd):
    demo.main()

    result = json.loads((checkout / 'work/metrics.json').read_text())
    assert {name: set(figures) for name, figures in result['baselines'].items()} == {
        'per_frame_linked': {'AP', 'AP50'}, 'first_mask_copied': {'J', 'F', 'J&F'}}
    assert {'AP', 'AP50'} < result['vis'].keys() and {'J', 'F', 'J&F'} < result['vos'].keys()
    copied = result['baselines']['first_mask_copied']
    assert copied['J&F'] == pytest.approx((copied['J'] + copied['F']) / 2) and copied['J'] > 0
    assert result['train_minutes'] > 0
    names = {path.name for path in (checkout / 'work/pictures').iterdir()}
    assert names == {f'test_0000{i}.{kind}' for i in range(3) for kind in ('mp4', 'png')}

    output = capfd.readouterr().out
    table = output[output.index('| 20 unseen videos'):]
    row = next(line for line in table.splitlines() if line.startswith('| first mask copied'))
    cells = [cell.strip() for cell in row.split('|')[1:-1]]
    assert cells == ['first mask copied', '-', '-', *(
        f'{copied[name]:.4f}' for name in ('J', 'F', 'J&F'))]
    assert 'metrics   work/metrics.json' in table


def test_other_videos_in_the_way(checkout):
    (checkout / 'data/synthetic/mine').mkdir(parents=True)
    with pytest.raises(SystemExit) as caught:
        demo.main()
    assert caught.value.code.startswith('error: ')
    assert caught.value.code.endswith('data/synthetic: exists and is not a synthetic set (no '
                                      'stats.json); choose another folder')


def test_training_that_fails(checkout, monkeypatch):
    monkeypatch.setattr(demo.sys, 'executable', shutil.which('false'))
    with pytest.raises(SystemExit) as caught:
        demo.main()
    assert caught.value.code == ('error: training ended with status 1; the lines above say why, '
                                 'the log is in work')
    assert not (checkout / 'work/metrics.json').exists()


def test_score():
    class Length(BaseMetric):
        """Mean length of the names."""
        default_prefix = 'name'

        def process(self, data_batch, data_samples):
            self.results += [len(sample['video_name']) for sample in data_samples]

        def compute_metrics(self, results):
            return {'length': sum(results) / len(results)}

    samples = [ClipDataSample(metainfo=dict(video_name=name)) for name in ('a', 'abc')]
    assert demo.score(Length(), iter(samples)) == {'name/length': 2}
