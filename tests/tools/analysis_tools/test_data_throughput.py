import runpy
import sys
from pathlib import Path

import torch

TOOL = str(Path(__file__).parents[3] / 'tools/analysis_tools/data_throughput.py')


def test_both_pipelines_make_the_same_clip(tmp_path, monkeypatch):
    tool = runpy.run_path(TOOL)
    monkeypatch.setattr(sys, 'argv', [
        TOOL, '--size', '64', '96', '--short-side', '32', '--length', '2', '--objects', '3'])
    args = tool['parse_args']()
    monkeypatch.setattr('numpy.random.rand', lambda *shape: 1.)  # flips neither
    tool['init_default_scope']('ausm_mm')
    info = tool['make_video'](tmp_path, args)
    own, stock = tool['own_pipeline'](info, args)(), tool['stock_pipeline'](info, args)()
    assert own['inputs'].shape == stock['inputs'].shape == (2, 3, 32, 48)
    samples = stock['data_samples'].video_data_samples
    masks = torch.stack([torch.from_numpy(sample.gt_instances.masks.masks) for sample in samples])
    assert masks.any(dim=3).any(dim=2).all()  # nothing was ignored
    own_masks = own['data_samples'].gt_instances.masks.transpose(0, 1)
    if samples[0].flip:  # mmcv draws its flips elsewhere
        masks = masks.flip(-1)
    # Only the rule of rounding differs, at the edges.
    assert (own_masks == masks.bool()).float().mean() > 0.98


def test_tool_prints_the_ratio(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [
        TOOL, '--size', '64', '96', '--short-side', '32', '--length', '2', '--rounds', '1'])
    threads = torch.get_num_threads()
    runpy.run_path(TOOL, run_name='__main__')
    torch.set_num_threads(threads)
    out = capsys.readouterr().out
    assert 'ausm_mm' in out and 'mmdet' in out and 'ratio' in out
