import json

import pytest

from ausm_mm.utils import write_json


def test_folders_are_made_and_files_replaced(tmp_path):
    path = tmp_path / 'a/b/figures.json'
    write_json({'AP': 0.5}, path)
    write_json({'AP': [1, None]}, str(path))
    assert json.loads(path.read_text()) == {'AP': [1, None]}
    assert [p.name for p in path.parent.iterdir()] == ['figures.json']


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / 'figures.json'
    write_json({'AP': 0.5}, path)
    with pytest.raises(TypeError, match='set is not JSON serializable'):
        write_json({'AP': {1}}, path)
    assert json.loads(path.read_text()) == {'AP': 0.5}
    assert [p.name for p in tmp_path.iterdir()] == ['figures.json']
