"""Why a file is turned away."""


class Refused(Exception):
    """`code` for programs, the message for the person who uploaded it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
