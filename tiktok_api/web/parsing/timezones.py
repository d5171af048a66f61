"""The IANA time zones, for every schema that takes one."""

from zoneinfo import available_timezones

from marshmallow import ValidationError

_ZONES = available_timezones() - {"localtime", "Factory", "posixrules"}  # files beside the zones, on some systems


def is_timezone(value: str) -> None:
    """An IANA time zone. Raises ValidationError."""
    if value not in _ZONES:
        raise ValidationError("Not an IANA time zone, such as Europe/Berlin.")
