"""What analytics can refuse."""

from typing import Any

from tiktok_api.errors import Invalid


class _BadWindow(Invalid):
    """A window that cannot be answered, with the parameter to mend."""

    def __init__(self, *, parameter: str, **facts: Any) -> None:
        message = self.message.format(**facts)
        super().__init__(message, errors=[{"parameter": parameter, "code": self.code, "message": message}])


class WindowBackwards(_BadWindow):
    message = "The window ends before it begins: `from` must be earlier than `to`."


class WindowOutOfRange(_BadWindow):
    message = "Dates are taken from {earliest} to {latest}."


class WindowTooLong(_BadWindow):
    message = "At most {most} points at once; choose a shorter window or a longer interval than {interval}."
