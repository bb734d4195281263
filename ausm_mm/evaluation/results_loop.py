"""The test loop: results go to disk video by video, and an interrupted run is gone on with."""
import hashlib
import json
import logging
import os.path as osp
from typing import Dict, List, Optional

import torch
from mmengine.dist import barrier, is_main_process
from mmengine.logging import print_log
from mmengine.runner import TestLoop, autocast

from ausm_mm.errors import UserError
from ausm_mm.registry import LOOPS
from ausm_mm.structures import ClipDataSample
from .results.stored_results import (
    StoredResults,
    claim_folder,
    is_hidden,
    remove_unfinished,
    results_name,
)


@LOOPS.register_module()
class ResultsTestLoop(TestLoop):
    """mmengine's test loop, with results on disk where they are wanted.

    They are if ``results_dir`` is given, or the ground truth of a data set is hidden. Videos whose
    results are there are not run through the model again; of each data set that a server takes, a
    zip is packed and checked in the end.

    Args:
        runner, dataloader, evaluator, fp16: As in :class:`mmengine.runner.TestLoop`.
        checkpoint: Path of the weights: results of others are refused.
        results_dir: The folder; by default ``results`` in the work directory.

    Raises:
        UserError: If the folder holds results of another checkpoint, model or data set, or two
            data sets have the same name and task.
    """

    def __init__(self, runner, dataloader, evaluator, checkpoint: str,
                 results_dir: Optional[str] = None, fp16: bool = False) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        datasets = getattr(self.dataloader.dataset, 'datasets', [self.dataloader.dataset])
        self.hidden = [results_name(dataset.dataset_name, dataset.task)
                       for dataset in datasets if is_hidden(dataset)]
        if self.hidden and results_dir is None:
            results_dir = osp.join(runner.work_dir, 'results')
        self.results: Dict[str, StoredResults] = {}
        if results_dir is None:
            return
        for dataset in datasets:
            results = StoredResults(dataset, results_dir)
            if results.name in self.results:
                raise UserError(f'test_dataloader: two data sets are {results.name}, so that their '
                                'results cannot be told apart; test them one after the other')
            self.results[results.name] = results
        self._claim(results_dir, checkpoint)

    def _claim(self, folder: str, checkpoint: str) -> None:
        cfg = self.runner.cfg
        origin = {
            'checkpoint': _digest_file(checkpoint),
            'model': _digest([cfg.model, self.fp16]),
            'test_dataloader.dataset': _digest(cfg.test_dataloader['dataset'])
        }
        if is_main_process():
            claim_folder(folder, origin)
            remove_unfinished(folder)
        barrier()
        claim_folder(folder, origin)
        for name, results in self.results.items():
            if name in self.hidden:
                print_log(f'{name}: the ground truth is hidden, so nothing is scored; results go '
                          f'to {folder}', 'current')
            if results.count():
                print_log(f'{name}: {results.count()} videos are done already in {folder}',
                          'current')

    def run(self) -> dict:
        metrics = super().run()
        barrier()  # all results are there
        for results in self.results.values() if is_main_process() else ():
            packed = results.pack()
            if packed is None:
                continue
            for problem in packed.problems:
                print_log(f'{packed.path}: {problem}', 'current', logging.WARNING)
            print_log(f'{packed.path}: packed for the server, and checked: '
                      f'{"see above" if packed.problems else "nothing wrong"}', 'current')
        return metrics

    @torch.no_grad()
    def run_iter(self, idx, data_batch: Dict[str, List]) -> None:
        if not self.results:
            super().run_iter(idx, data_batch)
            return
        self.runner.call_hook('before_test_iter', batch_idx=idx, data_batch=data_batch)
        outputs = self._predict(data_batch)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        self.runner.call_hook(
            'after_test_iter', batch_idx=idx, data_batch=data_batch, outputs=outputs)

    def _predict(self, data_batch: Dict[str, List]) -> List[ClipDataSample]:
        """The samples with ``pred_tracks``, of an earlier run or of the model."""
        samples = list(data_batch['data_samples'])
        stores = [self.results[results_name(s.dataset_name, s.task)] for s in samples]
        missing = [i for i, (sample, store) in enumerate(zip(samples, stores))
                   if not store.load(sample)]
        if missing:
            with autocast(enabled=self.fp16):
                predicted = self.runner.model.test_step(
                    {key: [values[i] for i in missing] for key, values in data_batch.items()})
            for i, sample in zip(missing, predicted):
                stores[i].save(sample)
                samples[i] = sample
        return samples


def _digest_file(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(2**20), b''):
            digest.update(block)
    return digest.hexdigest()


def _digest(settings) -> str:
    text = json.dumps(settings, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
