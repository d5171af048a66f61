"""Refusals of analytics: windows of time that cannot be shown, and questions that are too large."""

from tiktok_api.errors import Invalid


class WindowBackwards(Invalid):
    message = "The window ends before it begins: `from` must be earlier than `to`."


class WindowOutOfRange(Invalid):
    message = "Dates are taken from {earliest} to {latest}."


class WindowTooLong(Invalid):
    message = "At most {most} points at once; choose a shorter window or a longer interval than {interval}."


class TooManyAccounts(Invalid):
    message = "More than {most} accounts at once; choose some of them by account_id or tag."


class TooManyReadings(Invalid):
    message = (
        "That would take {found} readings of accounts, of which {most} are read at once; choose a shorter window, a longer "
        "interval or fewer accounts."
    )
