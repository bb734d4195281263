"""The base of all errors that a user can cause and cure."""


class UserError(ValueError):
    """A file, a setting or an option does not fit.

    The message is one line that names the file or setting, the offending value and the cure. The
    command-line tools print it without a traceback; every other exception is a defect and keeps
    its own.
    """
