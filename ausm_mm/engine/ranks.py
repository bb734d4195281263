"""Talk between the processes of one training."""
from typing import Any, List, Optional

import torch
from mmengine.dist import all_gather_object, all_reduce


def gather_reports(report: Optional[Any]) -> List[Any]:
    """What any of the ranks reports (not None), in the order of the ranks, for all of them.

    All ranks must call it. As long as nobody reports, it costs no more than sending one number.
    """
    anyone = torch.tensor(int(report is not None))
    all_reduce(anyone, 'max')
    return [found for found in all_gather_object(report) if found is not None] if anyone else []
