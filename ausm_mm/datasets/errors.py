"""The one error of everything that reads data."""


class DataError(ValueError):
    """A file of the data set is missing, malformed or contradicts another one.

    The message is one line that names the file, the offending value and the cure.
    """
