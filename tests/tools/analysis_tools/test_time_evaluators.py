"""tools/analysis_tools/time_evaluators.py: it also checks that the figures are equal."""
import shutil

import numpy as np
import pytest

from ausm_mm.evaluation.results.vos_packing import write_label_map

TOOL = 'analysis_tools/time_evaluators.py'


def test_vis(run_tool, monkeypatch, capsys):
    monkeypatch.setattr(np, 'float', float, raising=False)  # the tool sets it; gone afterwards
    run_tool(TOOL, 'vis', '--videos', 3, '--frames', 2, '--size', 40, 60, '--predictions', 6)
    output = capsys.readouterr().out
    assert output.startswith('3 videos, 2 frames of [40, 60], 6 predictions each: vis_ap ')
    assert output.endswith('; equal figures\n')


def test_vos(run_tool, tmp_path, monkeypatch, capsys):
    label_map = np.zeros((40, 60), np.uint8)
    label_map[5:20, 10:30], label_map[25:30, 2:50] = 1, 2
    for t in range(3):
        write_label_map(np.roll(label_map, t, 1), tmp_path / f'gt/a/{t}.png')
        write_label_map(np.roll(label_map, 2 * t, 1), tmp_path / f'pred/a/{t}.png')
    shutil.copytree(tmp_path / 'gt/a', tmp_path / 'pred/not_scored')
    arguments = TOOL, 'vos', '--gt', tmp_path / 'gt', '--pred', tmp_path / 'pred'
    run_tool(*arguments)
    assert capsys.readouterr().out.startswith('6 masks: boundary_accuracy ')

    monkeypatch.setattr('ausm_mm.evaluation.functional.boundary_accuracy', lambda *masks: .3)
    with pytest.raises(AssertionError):
        run_tool(*arguments)
