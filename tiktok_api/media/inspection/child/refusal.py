"""Why a file is refused."""

import errno

_MACHINE_FAULTS = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EPERM, errno.EACCES}


class Refused(Exception):
    """The file is refused: `code` is for programs, the message for the person who uploaded it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def end_is_missing(missing_bytes: int) -> Refused:
    """Returns the refusal of a file that announces so many bytes more than it has."""
    return Refused("file_truncated", f"The end of the file is missing: {missing_bytes} bytes more were announced.")


def is_machine_fault(error: Exception) -> bool:
    """True if an error is about this machine or this program instead of the file."""
    return isinstance(error, ImportError) or (isinstance(error, OSError) and error.errno in _MACHINE_FAULTS)
