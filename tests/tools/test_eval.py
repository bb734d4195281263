"""tools/eval.py on the official files: figures, json keys, one-line errors."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VIS_KEYS = {'AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'per_class'}


@pytest.fixture
def vis_files(shared_data):
    folder = shared_data('ytvis-fixture')
    return ['--gt', folder / 'ytvis_gt.json', '--pred', folder / 'ytvis_pred.json']


def test_vis(run_tool, vis_files, tmp_path, capsys):
    run_tool('eval.py', 'vis', *vis_files, '--json', tmp_path / 'out/vis.json',
             '--plots', tmp_path / 'plots')
    figures = json.loads((tmp_path / 'out/vis.json').read_text())
    assert set(figures) == VIS_KEYS
    assert figures['AP'] == pytest.approx(0.65049505, abs=1e-6)
    assert '| AP50        | 1.0000 |' in capsys.readouterr().out
    assert (tmp_path / 'plots/precision_recall.png').exists()


def test_vis_needs_neither_torch_nor_openmmlab(vis_files):
    code = ('import runpy, sys; sys.argv = sys.argv[1:]; '
            'runpy.run_path(sys.argv[0], run_name="__main__"); '
            'print([m for m in ("torch", "mmengine", "mmcv", "mmdet") if m in sys.modules])')
    result = subprocess.run(
        [sys.executable, '-c', code, str(ROOT / 'tools/eval.py'), 'vis', *map(str, vis_files)],
        capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == '[]'


def test_coco(run_tool, shared_data, tmp_path):
    folder = shared_data('coco-fixture')
    run_tool('eval.py', 'coco', '--gt', folder / 'instances_val2014_100.json', '--pred',
             folder / 'instances_val2014_fakesegm100_results.json', '--json', tmp_path / 'c.json',
             '--plots', tmp_path / 'plots')
    figures = json.loads((tmp_path / 'c.json').read_text())
    expected = json.loads((folder / 'expected_segm.json').read_text())
    assert {key: figures[key] for key in expected} == pytest.approx(expected, abs=1e-12)
    names = [path.name.rsplit('_', 1)[0] for path in (tmp_path / 'plots').iterdir()]
    assert sorted(names) == ['precision', *(f'worst_{rank}' for rank in range(1, 6))]


def test_vos(run_tool, shared_data, tmp_path, capsys):
    folder = shared_data('davis2016-480p-fixture')
    (tmp_path / 'val.txt').write_text('car-shadow\n')
    run_tool('eval.py', 'vos', '--gt', folder / 'Annotations', '--pred',
             folder / 'predictions_osvos', '--sequences', tmp_path / 'val.txt', '--json',
             tmp_path / 'vos.json')
    figures = json.loads((tmp_path / 'vos.json').read_text())
    official = json.loads((folder / 'expected_osvos.json').read_text())['car-shadow']
    frames = figures['per_frame']['car-shadow']['1']
    assert [round(frame['J'], 3) for frame in frames] == official['J']
    assert [frame['frame'] for frame in frames] == list(range(1, len(official['J']) + 1))
    assert set(frames[0]) == {'frame', 'J', 'F'}
    for key in ('J', 'F', 'J&F'):
        assert set(figures[key]) == {'mean', 'recall', 'decay'}
        assert figures['per_object']['car-shadow']['1'][key] == figures[key]
    assert figures['J']['mean'] == pytest.approx(sum(official['J']) / len(official['J']), abs=5e-4)
    assert 'all objects' in capsys.readouterr().out


def test_youtube_vos(run_tool, shared_data, tmp_path):
    folder = shared_data('davis2016-480p-fixture')
    (tmp_path / 'val.txt').write_text('car-shadow\n')
    objects = {'1': dict(category='car')}
    (tmp_path / 'meta.json').write_text(json.dumps(dict(videos={'car-shadow': dict(
        objects=objects)})))
    run_tool('eval.py', 'vos', '--gt', folder / 'Annotations', '--pred',
             folder / 'predictions_osvos', '--sequences', tmp_path / 'val.txt', '--youtube-vos',
             tmp_path / 'meta.json', tmp_path / 'meta.json', '--json', tmp_path / 'vos.json')
    figures = json.loads((tmp_path / 'vos.json').read_text())
    assert set(figures['youtube_vos']) == {'G', 'J_seen', 'F_seen'}
    assert figures['youtube_vos']['G'] == pytest.approx(figures['J&F']['mean'])
    assert len(figures['per_frame']['car-shadow']['1']) == 39  # the last of 40 counts


def test_errors_are_one_line_and_write_nothing(tool_error, vis_files, tmp_path):
    (tmp_path / 'cut.json').write_text(vis_files[3].read_text()[:-100])
    line = tool_error('eval.py', 'vis', *vis_files[:3], tmp_path / 'cut.json', '--json',
                      tmp_path / 'figures.json')
    assert f'{tmp_path}/cut.json: is no complete json file' in line
    assert not (tmp_path / 'figures.json').exists()
    line = tool_error('eval.py', 'vis', *vis_files, '--json', tmp_path)
    assert 'Is a directory' in line and line.endswith('give a path that can be written')
    line = tool_error('eval.py', 'vos', '--gt', tmp_path / 'gone', '--pred', tmp_path)
    assert f'{tmp_path}/gone: holds no folder of a sequence' in line
