import pytest

from ausm_mm.engine import ranks


def test_one_process():
    assert ranks.gather_reports(None) == []
    assert ranks.gather_reports(0) == [0]


@pytest.mark.parametrize('reports, expected', [
    ([None, None, None], []), ([None, dict(a=1), None], [dict(a=1)]), ([3, None, 4], [3, 4])])
def test_every_rank_learns_all(monkeypatch, reports, expected):
    gathered = []

    def reduce(flag, op):
        assert op == 'max'
        flag.fill_(any(report is not None for report in reports))

    def gather(report):
        gathered.append(report)
        return reports

    monkeypatch.setattr(ranks, 'all_reduce', reduce)
    monkeypatch.setattr(ranks, 'all_gather_object', gather)
    assert [ranks.gather_reports(report) for report in reports] == [expected] * 3
    assert gathered == (reports if expected else [])
