"""The loop with a data set of bare samples and a model that draws boxes."""
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import ConfigDict
from mmengine.dataset import BaseDataset, ConcatDataset, pseudo_collate
from mmengine.evaluator import Evaluator
from torch.utils.data import DataLoader

from ausm_mm.errors import UserError
from ausm_mm.evaluation.functional.rle import encode
from ausm_mm.evaluation.metrics import VOSMetric
from ausm_mm.evaluation.results_loop import ResultsTestLoop
from ausm_mm.structures import ClipDataSample, Track

N_VIDEOS, N_FRAMES, SIZE = 5, 4, (6, 8)


def box(x0, x1):
    mask = np.zeros(SIZE, bool)
    mask[:, x0:x1] = True
    return encode(mask)


class BareVideos(BaseDataset):
    """Prompted videos of one object; only its first mask is known if it is hidden."""

    def __init__(self, dataset_name='bare', task='prompted', hidden=False):
        self.dataset_name, self.task, self.hidden = dataset_name, task, hidden
        super().__init__(test_mode=True, serialize_data=False)

    def load_data_list(self):
        masks = [box(0, 4)] + [None if self.hidden else box(0, 4)] * (N_FRAMES - 1)
        return [dict(video_id=i, objects=[dict(object_id=1, segmentations=masks)])
                for i in range(N_VIDEOS)]

    def __getitem__(self, index):
        info = self.get_data_info(index)
        sample = ClipDataSample(
            metainfo=dict(
                dataset_name=self.dataset_name, task=self.task, video_id=info['video_id'],
                video_name=f'video {index}', img_paths=[f'{t}.jpg' for t in range(N_FRAMES)],
                ori_shape=SIZE),
            gt_tracks=[Track(1, 0, 1., info['objects'][0]['segmentations'])])
        return dict(inputs=index, data_samples=sample)


class BoxModel:
    """Finds the object of video i with an IoU of (4 - i) / 4; remembers what it was given."""

    def __init__(self, stop=None):
        self.stop, self.given = stop, []

    def eval(self):
        pass

    def test_step(self, data):
        for index, sample in zip(data['inputs'], data['data_samples'], strict=True):
            if index == self.stop:
                raise KeyboardInterrupt
            self.given.append(index)
            sample.pred_tracks = [Track(1, 0, 1., [box(index, 4)] * N_FRAMES)]
        return data['data_samples']


@pytest.fixture
def build(tmp_path):
    """Function (model, dataset, **settings) -> loop, with hooks that are written down."""
    (tmp_path / 'weights.pth').write_bytes(b'weights')

    def make(model, dataset=None, batch_size=2, settings=None, **loop_settings):
        hooks = []
        runner = SimpleNamespace(
            work_dir=str(tmp_path / 'work'), model=model, visualizer=SimpleNamespace(),
            call_hook=lambda name, **arguments: hooks.append((name, arguments)), hooks=hooks,
            cfg=ConfigDict({'model': dict(type='Box'), 'test_dataloader': dict(
                dataset=dict(type='Bare')), **(settings or {})}))
        loader = DataLoader(
            dataset or BareVideos(), batch_size=batch_size, collate_fn=pseudo_collate)
        return ResultsTestLoop(runner, loader, Evaluator([VOSMetric()]), **dict(dict(
            checkpoint=str(tmp_path / 'weights.pth'), results_dir=str(tmp_path / 'r')),
            **loop_settings))

    return make


@pytest.mark.parametrize('stop', [0, 2, 3, 4])
@pytest.mark.parametrize('batch_size', [1, 2])
def test_going_on(build, tmp_path, stop, batch_size):
    """Also where only some videos of a batch are done."""
    first = BoxModel(stop)
    with pytest.raises(KeyboardInterrupt):
        build(first, batch_size=batch_size).run()
    second = BoxModel()
    loop = build(second, batch_size=2)
    figures = loop.run()
    # A batch is stored when all of it went through the model.
    assert len(first.given) - len(set(first.given) & set(second.given)) == stop - stop % batch_size
    assert sorted({*first.given, *second.given}) == list(range(N_VIDEOS))
    assert figures['vos/J'] == pytest.approx(np.mean([1, .75, .5, .25, 0]))
    files = sorted(path.name for path in (tmp_path / 'r/bare-prompted/tracks').iterdir())
    assert files == [f'{i}.json' for i in range(N_VIDEOS)]
    shown = [sample.video_id for name, arguments in loop.runner.hooks if name == 'after_test_iter'
             for sample in arguments['outputs']]
    assert shown == list(range(N_VIDEOS))  # as if all went through the model


def test_what_a_killed_run_was_writing_goes(build, tmp_path):
    build(BoxModel()).run()
    tracks = tmp_path / 'r/bare-prompted/tracks'
    finished = sorted(tracks.iterdir())
    (tracks / '.3.77.json').touch()
    (tracks.parent / 'masks/yard').mkdir(parents=True)
    (tracks.parent / 'masks/yard/.00002.77.png').touch()
    build(BoxModel())
    assert sorted(tracks.iterdir()) == finished
    assert not any((tracks.parent / 'masks/yard').iterdir())


def test_nothing_is_written_unless_it_is_wanted(build, tmp_path):
    model = BoxModel()
    assert build(model, results_dir=None).run()['vos/J'] == pytest.approx(.5)
    assert model.given == list(range(N_VIDEOS))
    assert [path.name for path in tmp_path.iterdir()] == ['weights.pth']


def test_hidden_ground_truth_always_has_results(build, tmp_path):
    assert build(BoxModel(), BareVideos(hidden=True), results_dir=None).run() == {}
    assert len(list((tmp_path / 'work/results/bare-prompted/tracks').iterdir())) == N_VIDEOS


def test_two_data_sets(build, tmp_path):
    """Whose videos have the same ids."""
    both = ConcatDataset([BareVideos('bare'), BareVideos('other')])
    build(BoxModel(), both).run()
    assert sorted(path.name for path in (tmp_path / 'r').iterdir()) == [
        'bare-prompted', 'made_of.json', 'other-prompted']
    with pytest.raises(UserError, match='two data sets are bare-prompted'):
        build(BoxModel(), ConcatDataset([BareVideos(), BareVideos()]), results_dir='gone')


def test_results_of_something_else_are_refused(build, tmp_path):
    build(BoxModel())
    build(BoxModel(), settings=dict(work_dir='elsewhere'))  # does not change the results
    other_data = dict(test_dataloader=dict(dataset=dict(type='Bare', ann_file='x')))
    for name, change in (('model', dict(settings=dict(model=dict(type='Box', width=2)))),
                         ('model', dict(fp16=True)),
                         ('test_dataloader.dataset', dict(settings=other_data))):
        with pytest.raises(UserError, match=f'r: holds results of another {name}; give another'):
            build(BoxModel(), **change)
    (tmp_path / 'weights.pth').write_bytes(b'weights after more training')
    with pytest.raises(UserError, match='r: holds results of another checkpoint; give another'):
        build(BoxModel())
