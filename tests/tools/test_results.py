"""tools/test.py --results: interrupted runs, results of other runs, hidden ground truth."""
import json
from pathlib import Path
from typing import Sequence

import pytest

from ausm_mm.evaluation.results import load_results
from ausm_mm.models import AUSM


@pytest.fixture
def test_results(trained, run_tool, config, monkeypatch):
    """Function (work_dir, *arguments, settings): run tools/test.py on two videos in two tasks, made
    small."""
    # mmengine lays the config out four times, which would take most of the time.
    monkeypatch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, False))
    small = [f'test_dataloader.dataset.datasets.{task}.{setting}' for task in (0, 1)
             for setting in ('indices=2', 'pipeline.0.short_side=64', 'serialize_data=False')]

    def run(work_dir: str, *arguments, settings: Sequence[str] = ()) -> None:
        run_tool('test.py', config, trained / 'iter_2.pth', '--work-dir', work_dir, *arguments,
                 '--cfg-options', *small, *settings)

    return run


@pytest.fixture
def seen_videos(monkeypatch):
    """The videos that the model was given, in order; it fails at the one after ``stop``."""
    predict = AUSM.predict
    videos = []

    def count(self, inputs, data_samples):
        if len(videos) == count.stop:
            raise KeyboardInterrupt
        videos.extend((sample.task, sample.video_name) for sample in data_samples)
        return predict(self, inputs, data_samples)

    count.stop = None
    monkeypatch.setattr(AUSM, 'predict', count)
    return videos, count


def read_files(folder: Path) -> dict:
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob('*')) if path.is_file()}


def test_an_interrupted_run_ends_like_one_that_was_not(test_results, tiny_folder, seen_videos):
    videos, model = seen_videos
    test_results('whole', '--results', 'whole/r', '--out', 'whole/metrics.json')
    everything = list(videos)
    assert len(everything) == 4 == len(set(everything))

    videos.clear()
    model.stop = 3
    arguments = 'parts', '--results', 'parts/r', '--out', 'parts/metrics.json'
    with pytest.raises(KeyboardInterrupt):
        test_results(*arguments)
    folder = tiny_folder / 'parts/r'
    assert len(list(folder.glob('*/tracks/*'))) == 3 and not list(folder.glob('*.zip'))
    model.stop = None
    test_results(*arguments, '--show-dir', 'parts/pictures', '--show-videos', 1)
    assert videos == everything

    whole = read_files(tiny_folder / 'whole/r')
    assert read_files(folder) == whole
    assert sum(name.startswith('synthetic-prompted/tracks/') for name in whole) == 2
    figures = [json.loads((tiny_folder / name / 'metrics.json').read_text())
               for name in ('whole', 'parts')]
    assert figures[0] == figures[1] and {'vis/AP', 'vos/J&F'} <= figures[0].keys()
    assert len(list((tiny_folder / 'parts/pictures').glob('*.png'))) == 1


def test_hidden_ground_truth(test_results, tiny_folder, capfd):
    """Said, packed and checked, in the folder that is always used for it; nothing is scored."""
    source = tiny_folder / 'data/synthetic/ytvis'
    content = json.loads((source / 'test.json').read_text())
    (source / 'hidden.json').write_text(json.dumps(dict(content, annotations=None)))
    test_results('hidden', '--out', 'hidden/metrics.json', settings=[
        'test_dataloader.dataset.datasets.0.ann_file=hidden.json',
        'test_evaluator.0.ann_file=data/synthetic/ytvis/hidden.json'])

    figures = json.loads((tiny_folder / 'hidden/metrics.json').read_text())
    assert 'vos/J' in figures and not [name for name in figures if name.startswith('vis/')]
    zipped = tiny_folder / 'hidden/results/synthetic-unprompted.zip'
    results = load_results(zipped)
    tracks = [json.loads((zipped.with_suffix('') / f'tracks/{video["id"]}.json').read_text())
              for video in content['videos'][:2]]
    assert [result['segmentations'] for result in results] == [
        track['segmentations'] for video in tracks for track in video['tracks']]
    output = ''.join(capfd.readouterr())
    assert ('synthetic-unprompted: the ground truth is hidden, so nothing is scored; results go '
            f'to {tiny_folder}/hidden/results') in output
    assert 'hidden.json has no annotations: nothing is scored' in output
    assert '(test_00002) has no result: all its objects' in output  # says the checker


def test_a_folder_with_other_files_and_a_config_without_a_test_set(
        trained, tiny_folder, tool_error, config):
    (tiny_folder / 'full').mkdir()
    (tiny_folder / 'full/notes.txt').touch()
    line = tool_error('test.py', config, trained / 'iter_2.pth', '--work-dir', 'bad', '--results',
                      'full')
    assert line == 'error: full: holds other files; give a new folder with --results'
    line = tool_error('test.py', config, trained / 'iter_2.pth', '--cfg-options',
                      'test_dataloader=None', 'test_cfg=None', 'test_evaluator=None')
    assert line == f'error: {config}: has no test set (test_dataloader); take another config'
