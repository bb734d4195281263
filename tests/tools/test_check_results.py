"""tools/check_results.py: lines, status, and what is packed."""
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from ausm_mm.evaluation.results.vos_packing import write_label_map


def test_vis(run_tool, tool_error, shared_data, tmp_path, capsys):
    folder = shared_data('ytvis-fixture')
    arguments = ['--ann', folder / 'ytvis_gt.json', '--pack', tmp_path / 's.zip']
    run_tool('check_results.py', 'vis', folder / 'ytvis_pred.json', *arguments)
    assert f'nothing wrong; packed {tmp_path}/s.zip' in capsys.readouterr().out
    run_tool('check_results.py', 'vis', tmp_path / 's.zip', *arguments[:2])

    results = json.loads((folder / 'ytvis_pred.json').read_text())
    results[0]['score'], results[1]['category_id'] = float('nan'), -1
    (tmp_path / 'bad.json').write_text(json.dumps(results))
    (tmp_path / 's.zip').unlink()
    line = tool_error('check_results.py', 'vis', tmp_path / 'bad.json', *arguments)
    assert line.endswith('bad.json: 2 problems, see above; nothing packed')
    assert 'result 1 of video 1 has the unknown category -1' in capsys.readouterr().out
    assert not (tmp_path / 's.zip').exists()
    line = tool_error('check_results.py', 'vis', tmp_path / 'bad.json', '--ann',
                      tmp_path / 'bad.json')
    assert 'bad.json has no list of videos' in line


@pytest.mark.parametrize('wrong', [False, True])
def test_vos(run_tool, tool_error, tmp_path, wrong):
    (tmp_path / 'frames/a').mkdir(parents=True)
    for t in range(3):
        Image.new('RGB', (12, 8)).save(tmp_path / f'frames/a/{t:05}.jpg')
        write_label_map(np.eye(8, 12, dtype=np.uint8), tmp_path / f'pred/a/{t:05}.png')
    write_label_map(np.eye(8, 12) * (2 if wrong else 1), tmp_path / 'prompts/a/00000.png')
    arguments = ['check_results.py', 'vos', tmp_path / 'pred', '--frames', tmp_path / 'frames',
                 '--prompts', tmp_path / 'prompts', '--pack', tmp_path / 's.zip', '--layout',
                 'youtube-vos']
    if wrong:
        assert '3 problems' in tool_error(*arguments)
        assert not (tmp_path / 's.zip').exists()
    else:
        run_tool(*arguments)
        assert zipfile.ZipFile(tmp_path / 's.zip').namelist() == [
            f'Annotations/a/{t:05}.png' for t in range(3)]
