import json

import numpy as np
import pytest
from mmengine.evaluator import Evaluator

from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.registry import METRICS
from ausm_mm.structures import ClipDataSample, Track


def box(x0, x1):
    mask = np.zeros((8, 20), bool)
    mask[:, x0:x1] = True
    return encode(mask)


def as_text(rle):
    return {**rle, 'counts': rle['counts'].decode()}


@pytest.fixture
def ann_file(tmp_path):
    """Categories in the file are in another order than the data set's classes, with ids apart."""
    annotation = dict(
        videos=[dict(id=v, height=8, width=20) for v in (3, 4)],
        categories=[dict(id=20, name='cat'), dict(id=7, name='dog')],
        annotations=[
            dict(id=1, video_id=3, category_id=7, segmentations=[as_text(box(0, 4)), None]),
            dict(id=2, video_id=4, category_id=20, segmentations=[as_text(box(4, 8))] * 2),
        ])
    path = tmp_path / 'instances.json'
    path.write_text(json.dumps(annotation))
    return path


def sample(video_id, *tracks, classes=('dog', 'cat'), task='unprompted'):
    return ClipDataSample(
        metainfo=dict(video_id=video_id, classes=classes, task=task), pred_tracks=list(tracks))


def evaluate(ann_file, samples, **kwargs):
    metric = METRICS.build(dict(type='VISMetric', ann_file=str(ann_file), **kwargs))
    evaluator = Evaluator([metric])
    for item in samples:
        evaluator.process([item])
    return evaluator.evaluate(len(samples))


def test_labels_are_mapped_by_name(ann_file, tmp_path):
    prefix = tmp_path / 'out' / 'val'
    scores = evaluate(
        ann_file, [
            sample(3, Track(1, 0, .9, [box(0, 4), None])),
            sample(4, Track(1, 1, .8, [box(4, 8)] * 2)),
        ],
        outfile_prefix=str(prefix))
    assert scores['vis/AP'] == pytest.approx(1)
    assert set(scores) == {
        f'vis/{k}' for k in ('AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100')}
    written = json.loads((tmp_path / 'out' / 'val.metrics.json').read_text())
    assert written['per_class'] == pytest.approx({'cat': 1, 'dog': 1})
    assert written['AP'] == scores['vis/AP']


def test_video_dealt_out_twice_counts_once(ann_file):
    """As among several processes: one false cat above the true one, no dog."""
    twice = sample(3, Track(1, 1, .9, [box(0, 4), None]))
    once = sample(4, Track(1, 1, .8, [box(4, 8)] * 2))
    assert evaluate(ann_file, [twice, once, twice])['vis/AP'] == pytest.approx(1 / 4)


def test_prompted_videos_are_left_out(ann_file):
    track = Track(1, 0, .9, [box(0, 4), None])
    assert evaluate(ann_file, [sample(3, track, task='prompted')])['vis/AP'] == 0


def test_wrong_label_and_untested_video(ann_file):
    assert evaluate(ann_file, [sample(3, Track(1, 1, .9, [box(0, 4), None]))])['vis/AP'] == 0
    assert evaluate(ann_file, [sample(3)])['vis/AP'] == 0


def test_unknown_class(ann_file):
    with pytest.raises(ValueError, match=r"classes \['bird'\].*instances.json"):
        evaluate(ann_file, [sample(3, classes=('dog', 'bird'))])


def test_bad_files(tmp_path, ann_file):
    broken = tmp_path / 'broken.json'
    broken.write_text(ann_file.read_text()[:50])
    with pytest.raises(ValueError, match='broken.json: is no complete json file'):
        evaluate(broken, [])
    with pytest.raises(ValueError, match='absent.json: cannot be read'):
        evaluate(tmp_path / 'absent.json', [])


@pytest.mark.parametrize('annotations', [dict(annotations=None), dict(annotations=[]), {}])
def test_hidden_annotation_gives_no_figures(tmp_path, ann_file, annotations):
    content = json.loads(ann_file.read_text())
    del content['annotations']
    (tmp_path / 'hidden.json').write_text(json.dumps(dict(content, **annotations)))
    tracks = [sample(3, Track(1, 0, .9, [box(0, 4), None])), sample(4)]
    assert evaluate(tmp_path / 'hidden.json', tracks) == {}
    del content['videos']
    (tmp_path / 'hidden.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match='hidden.json has no list of videos'):
        evaluate(tmp_path / 'hidden.json', [])
