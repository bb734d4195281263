import json
import zipfile

import pytest

from ausm_mm.errors import UserError
from ausm_mm.evaluation.results import load_json, load_results


def test_plain_and_zipped_results(tmp_path):
    (tmp_path / 'r.json').write_text('[{"score": 1}]')
    with zipfile.ZipFile(tmp_path / 'r.zip', 'w') as archive:
        archive.writestr('results.json', '[{"score": 1}]')
    assert load_results(tmp_path / 'r.json') == load_results(tmp_path / 'r.zip') == [dict(score=1)]


def test_bad_files(tmp_path):
    with pytest.raises(UserError, match='gone.json: cannot be read .*correct the path'):
        load_json(tmp_path / 'gone.json')
    (tmp_path / 'cut.json').write_text(json.dumps([dict(score=1)])[:-3])
    with pytest.raises(UserError, match='cut.json: is no complete json file .*again'):
        load_results(tmp_path / 'cut.json')
    (tmp_path / 'dict.json').write_text('{}')
    with pytest.raises(UserError, match='dict.json: holds a dict, not the list'):
        load_results(tmp_path / 'dict.json')
    with zipfile.ZipFile(tmp_path / 'r.zip', 'w') as archive:
        archive.writestr('out/results.json', '[]')
    with pytest.raises(UserError, match="r.zip: holds .*out/results.json.*no results.json"):
        load_results(tmp_path / 'r.zip')
