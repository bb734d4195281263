"""Training data with a few broken files."""
import logging

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from ausm_mm.datasets import DataError
from ausm_mm.registry import HOOKS
from ..ranks import gather_reports


@HOOKS.register_module()
class UnreadableDataHook(Hook):
    """Counts, names and limits the training items that cannot be read.

    The data sets draw another item in place of such a one. It counts once, no matter how often it
    is drawn, over all ranks and over resuming.

    Args:
        max_items: More than so many end the training.

    Raises:
        DataError: If there are more.
    """

    def __init__(self, max_items: int = 10) -> None:
        self.max_items = max_items

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch=None) -> None:
        found = {f'{sample.dataset_name} {idx}': message for sample in data_batch['data_samples']
                 for idx, message in sample.get('unreadable', ())}
        known = runner.message_hub.get_info('unreadable_items', [])
        for report in gather_reports(found or None):
            for item, message in report.items():
                if item in known:
                    continue
                known = [*known, item]
                if len(known) > self.max_items:
                    raise DataError(
                        f'{len(known)} items of the training data cannot be read, and '
                        f'max_items={self.max_items} of default_hooks.unreadable_data; the last '
                        f'is {message}')
                print_log(f'unreadable training data, {len(known)} of at most {self.max_items}: '
                          f'{message}; another item takes its place', 'current', logging.WARNING)
        # In the message hub, the list is part of every checkpoint.
        runner.message_hub.update_info('unreadable_items', known)
