import gzip
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
    (tmp_path / 'deep.json').write_text('[' * 100000)
    with pytest.raises(UserError, match='deep.json: is no complete json file'):
        load_results(tmp_path / 'deep.json')
    (tmp_path / 'cut.gz').write_bytes(gzip.compress(b'[]'))
    with pytest.raises(UserError, match='cut.gz: is no complete json file'):
        load_results(tmp_path / 'cut.gz')
    with pytest.raises(UserError, match='cannot be read .Is a directory.; correct the path'):
        load_results(tmp_path)
    with zipfile.ZipFile(tmp_path / 'r.zip', 'w') as archive:
        archive.writestr('out/results.json', '[]')
    with pytest.raises(UserError, match="r.zip: holds .*out/results.json.*no results.json"):
        load_results(tmp_path / 'r.zip')


def test_damaged_zips(tmp_path):
    """Whichever byte of a zip is another: one clear error, or the results."""
    path = tmp_path / 'r.zip'
    results = [dict(score=score) for score in range(30)]
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('results.json', json.dumps(results))
    content, n_errors = path.read_bytes(), 0
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1:])
        try:
            assert load_results(path) == results
        except UserError as error:
            assert str(error).startswith(str(path)) and '\n' not in str(error)
            n_errors += 1
    assert n_errors > len(content) / 2
