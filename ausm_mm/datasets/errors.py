"""The errors of everything that reads data."""
from ausm_mm.errors import UserError


class DataError(UserError):
    """A file of the data set is missing, malformed or contradicts another one."""

    def __init__(self, message: str) -> None:
        # What a data loader's worker raises comes back with its whole traceback as the message.
        name = type(self).__name__
        if message.startswith(f'Caught {name} in '):
            message = message.rstrip().rsplit(f'{name}: ', 1)[-1]
        super().__init__(message)


class UnreadableFileError(DataError):
    """A single image or mask is damaged, which training can do without."""
