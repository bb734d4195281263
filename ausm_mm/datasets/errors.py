"""The one error of everything that reads data."""


class DataError(ValueError):
    """A file of the data set is missing, malformed or contradicts another one.

    The message is one line that names the file, the offending value and the cure.
    """

    def __init__(self, message: str) -> None:
        # What a data loader's worker raises comes back with its whole traceback as the message.
        if message.startswith('Caught DataError in '):
            message = message.rstrip().rsplit('DataError: ', 1)[-1]
        super().__init__(message)
