"""The one error of everything that reads data."""
from ausm_mm.errors import UserError


class DataError(UserError):
    """A file of the data set is missing, malformed or contradicts another one."""

    def __init__(self, message: str) -> None:
        # What a data loader's worker raises comes back with its whole traceback as the message.
        if message.startswith('Caught DataError in '):
            message = message.rstrip().rsplit('DataError: ', 1)[-1]
        super().__init__(message)
