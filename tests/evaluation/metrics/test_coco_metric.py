import json

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from pycocotools import mask as mask_utils

from ausm_mm.registry import METRICS
from ausm_mm.structures import ClipDataSample, Track


def evaluate(ann_file, samples):
    evaluator = Evaluator([METRICS.build(dict(type='COCOVideoMetric', ann_file=str(ann_file)))])
    for item in samples:
        evaluator.process([item])
    return evaluator.evaluate(len(samples))


def test_images_as_videos_of_one_frame(shared_data):
    folder = shared_data('coco-fixture')
    ann_file = folder / 'instances_val2014_100.json'
    annotation = json.loads(ann_file.read_text())
    results = json.loads((folder / 'instances_val2014_fakesegm100_results.json').read_text())
    expected = json.loads((folder / 'expected_segm.json').read_text())
    categories = sorted(annotation['categories'], key=lambda c: c['id'])
    labels = {category['id']: label for label, category in enumerate(categories)}
    samples = []
    for image in annotation['images']:
        own = [r for r in results if r['image_id'] == image['id']]
        tracks = [Track(i, labels[r['category_id']], r['score'], [r['segmentation']])
                  for i, r in enumerate(own, start=1)]
        samples.append(ClipDataSample(
            metainfo=dict(video_id=image['id'], classes=tuple(c['name'] for c in categories),
                          task='unprompted'),
            pred_tracks=[*tracks, Track(99, 0, 1., [None])]))
    scores = evaluate(ann_file, samples)
    assert {k: scores[f'coco/{k}'] for k in expected} == pytest.approx(expected, abs=1e-12)


def test_bad_annotation(tmp_path):
    mask = mask_utils.encode(np.ones((4, 6), np.uint8, order='F'))
    (tmp_path / 'vis.json').write_text(json.dumps(dict(videos=[], size=mask['size'])))
    with pytest.raises(ValueError, match='vis.json has no list of images'):
        evaluate(tmp_path / 'vis.json', [])
