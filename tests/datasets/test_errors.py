import pytest
import torch.utils.data

from ausm_mm.datasets.errors import DataError, UnreadableFileError


class _Broken(torch.utils.data.Dataset):

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise self.error('a.json: the value 3 is bad; write 4')


@pytest.mark.parametrize('error', [DataError, UnreadableFileError])
def test_message_is_one_line_even_from_a_worker(error):
    loader = torch.utils.data.DataLoader(_Broken(error), num_workers=1)
    with pytest.raises(error) as caught:
        next(iter(loader))
    assert str(caught.value) == 'a.json: the value 3 is bad; write 4'
