import json
from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from torch.utils.data import DataLoader

from ausm_mm.datasets import DAVISDataset, MultiSourceDataset, YouTubeVISDataset
from ausm_mm.datasets.samplers import MultiSourceSampler, multi_source_sampler

CLIP = [dict(type='SampleClip', length=2), dict(type='LoadClipFrames'),
        dict(type='LoadClipMasks'), dict(type='ClipColorJitter'), dict(type='PackClip')]


@pytest.fixture
def sources(tiny_ytvis, tiny_davis):
    """A video each; both fixtures share one folder."""
    return MultiSourceDataset([
        YouTubeVISDataset(data_root=str(tiny_ytvis), ann_file='ann.json', pipeline=CLIP,
                          data_prefix=dict(img='images')),
        DAVISDataset(data_root=str(tiny_davis), ann_file='list.txt', pipeline=CLIP,
                     data_prefix=dict(img='img', mask='mask'))])


def loader(dataset, num_workers=0, skip=0):
    sampler = MultiSourceSampler(dataset, seed=0)
    sampler.skip(skip)
    return DataLoader(dataset, batch_size=4, sampler=sampler, num_workers=num_workers,
                      collate_fn=pseudo_collate)


def batches(*args, count=6, **kwargs):
    return list(islice(loader(*args, **kwargs), count))


def test_batches_mix_sources_and_samples_name_their_own(sources):
    samples = [sample for batch in batches(sources) for sample in batch['data_samples']]
    named = Counter((s.dataset_name, s.task, s.exhaustive, s.classes) for s in samples)
    assert named == {('youtube_vis', 'unprompted', True, ('a', 'b')): 12,
                     ('davis', 'prompted', False, ('object', )): 12}


@pytest.mark.parametrize('num_workers', [0, 2])
def test_resumed_samples_are_the_same_to_the_pixel(sources, num_workers):
    whole = batches(sources)
    resumed = batches(sources, num_workers=num_workers, skip=8, count=4)
    for before, after in zip(whole[2:], resumed, strict=True):
        assert all(map(torch.equal, before['inputs'], after['inputs']))
        assert [s.frame_ids for s in before['data_samples']] == [
            s.frame_ids for s in after['data_samples']]
    assert len({clip.numpy().tobytes() for batch in whole for clip in batch['inputs']}) > 12


def test_a_single_data_set_resumes_as_exactly(tiny_davis):
    dataset = DAVISDataset(data_root=str(tiny_davis), ann_file='list.txt', pipeline=CLIP,
                           data_prefix=dict(img='img', mask='mask'))
    whole, resumed = batches(dataset), batches(dataset, skip=16, count=2)
    for before, after in zip(whole[4:], resumed, strict=True):
        assert all(map(torch.equal, before['inputs'], after['inputs']))
        assert [s.seed for s in before['data_samples']] == [s.seed for s in after['data_samples']]
    assert len({clip.numpy().tobytes() for batch in whole for clip in batch['inputs']}) > 12


def test_the_random_state_of_the_process_is_left_alone(sources):
    np.random.seed(7)
    expected = np.random.RandomState(7).rand()
    batches(sources)
    assert np.random.rand() == expected


def test_plain_indices_work(sources):
    assert len(sources) == 2
    assert sources[1]['data_samples'].dataset_name == 'davis'


class CountingDataset(BaseDataset):
    """Items are their numbers; notes which were read."""
    METAINFO = dict(classes=('x', ))

    def load_data_list(self):
        return [dict(number=number) for number in json.loads(self.ann_file)]

    def prepare_data(self, idx):
        self.read = getattr(self, 'read', []) + [idx]
        return idx


def test_a_rank_reads_nothing_but_its_own_and_skips_without_reading(monkeypatch):
    for rank in range(2):
        monkeypatch.setattr(multi_source_sampler, 'get_dist_info', lambda rank=rank: (rank, 2))
        source = CountingDataset(ann_file=json.dumps(list(range(12))))
        dataset = MultiSourceDataset([source])
        sampler = MultiSourceSampler(dataset, seed=0)
        sampler.skip(2)
        yielded = list(islice(DataLoader(dataset, batch_size=2, sampler=sampler), 2))
        expected = [int(i) for i in islice(iter(sampler), 4)]
        assert torch.cat(yielded).tolist() == expected == source.read
