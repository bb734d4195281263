import numpy as np

from ausm_mm.utils import format_table


def test_cells():
    lines = format_table(('what', 'a', 'b'), [
        ('shares', 0.12345, np.float32(2)), ('counts', 7, np.int64(-1)), ('nothing', None, 0.0)
    ]).splitlines()
    assert [[cell.strip() for cell in line.strip('|').split('|')] for line in lines
            if '|' in line] == [
        ['what', 'a', 'b'], ['shares', '0.1235', '2.0000'], ['counts', '7', '-1'],
        ['nothing', '-', '0.0000']]
    assert lines[-3] == '| counts  |      7 |     -1 |'


def test_no_rows():
    assert '| what |' in format_table(('what', ), [])
