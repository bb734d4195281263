import json
import zipfile

import numpy as np
import pytest

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional import vis_ap
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.evaluation.functional.vis_ap import summarize_tracks
from ausm_mm.evaluation.results import (
    evaluate_vis_files,
    find_vis_problems,
    load_results,
    pack_vis,
)

MASK = encode(np.ones((4, 6), bool))
TEXT_MASK = dict(MASK, counts=MASK['counts'].decode())
ANNOTATION = dict(
    videos=[dict(id=1, height=4, width=6, file_names=['yard/0.jpg', 'yard/1.jpg']),
            dict(id=2, height=4, width=6, file_names=['street/0.jpg'])],
    categories=[dict(id=3, name='cat')], annotations=None)


def result(**changes):
    return {**dict(video_id=1, category_id=3, score=.5, segmentations=[TEXT_MASK, None]), **changes}


def problems(*results):
    return list(find_vis_problems(list(results), ANNOTATION))


OTHER_VIDEO = result(video_id=2, segmentations=[TEXT_MASK])


def test_pack_and_read_back(tmp_path):
    pack_vis([result(segmentations=[MASK, None])], tmp_path / 'out/submission.zip')
    assert zipfile.ZipFile(tmp_path / 'out/submission.zip').namelist() == ['results.json']
    assert load_results(tmp_path / 'out/submission.zip') == [result()]
    with pytest.raises(AttributeError):
        pack_vis([result(segmentations=[object()])], tmp_path / 'bad.zip')
    assert [path.name for path in tmp_path.rglob('*')] == ['out', 'submission.zip']


def test_nothing_wrong():
    assert problems(result(), OTHER_VIDEO) == []


@pytest.mark.parametrize('change, words', [
    (dict(score=float('nan')), 'result 0 has the score nan: it must be a finite number'),
    (dict(segmentations=[None, [[0, 0, 5, 0, 5, 3]]]), 'frame 1: polygons, but servers take RLEs'),
    (dict(video_id=-2), 'result 0 is of video -2, which is not among the 2 videos'),
    (dict(category_id=9), 'result 0 of video 1 has the unknown category 9'),
    (dict(segmentations=[TEXT_MASK]), 'result 0 of video 1 has 1 segmentations, but the video has '
                                      '2 frames'),
    (dict(segmentations=[None, None]), 'result 0 of video 1 has no mask in any frame'),
    (dict(segmentations=[None, dict(TEXT_MASK, size=[6, 4])]),
     'result 0 of video 1, frame 1: a mask of [6, 4], but the frame is [4, 6]'),
    (dict(segmentations=[None, dict(TEXT_MASK, counts='0')]), 'frame 1: an RLE covers 0 pixels'),
])
def test_each_problem_has_a_line(change, words):
    lines = problems(result(**change), result(), OTHER_VIDEO)
    assert len(lines) == 1
    assert words in lines[0]


def test_missing_video_and_several_problems():
    assert problems(result()) == ['video 2 (street/0.jpg) has no result: all its objects will '
                                  'count as missed; predict it too']
    assert len(problems(result(score=None), 'text', {})) == 5


def test_names_of_frames_that_are_no_list():
    videos = [dict(id=1, height=4, width=6, file_names=7, length=2),
              dict(id=2, height=4, width=6, file_names={})]
    lines = list(find_vis_problems([result(segmentations=[TEXT_MASK])], dict(
        ANNOTATION, videos=videos)))
    assert [line.split(':')[0] for line in lines] == [
        'result 0 of video 1 has 1 segmentations, but the video has 2 frames',
        'video 2 () has no result']


def test_scoring_names_the_files(tmp_path):
    truth = dict(ANNOTATION, annotations=[dict(id=1, **result())])
    for name, content in dict(gt=truth, good=[result()], bad=[result(score=float('nan'))]).items():
        (tmp_path / f'{name}.json').write_text(json.dumps(content))
    evaluation = evaluate_vis_files(tmp_path / 'gt.json', tmp_path / 'good.json')
    assert summarize_tracks(evaluation) == vis_ap(truth, [result()])
    with pytest.raises(UserError, match=r'bad.json \(against .*gt.json\): result 0 .*nan'):
        evaluate_vis_files(tmp_path / 'gt.json', tmp_path / 'bad.json')
