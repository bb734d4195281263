import torch.utils.data

from ausm_mm.datasets.errors import DataError


class _Broken(torch.utils.data.Dataset):

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise DataError('a.json: the value 3 is bad; write 4')


def test_message_is_one_line_even_from_a_worker():
    loader = torch.utils.data.DataLoader(_Broken(), num_workers=1)
    try:
        next(iter(loader))
    except DataError as error:
        assert str(error) == 'a.json: the value 3 is bad; write 4'
    else:
        raise AssertionError('no error')
