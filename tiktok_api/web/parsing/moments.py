"""Moments in queries: a local date, which is a whole day of the caller, or an instant."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields

from tiktok_api.web.schemas import is_in_range

Moment = date | datetime
"""A local date, or an aware instant."""

_BARE_PLUS = re.compile(r"(T[\d:.]+) (\d\d:\d\d)$")
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = re.compile(rf"{_DAY}([Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]+)?)?([Zz]|[+-][0-9]{{2}}:[0-9]{{2}}))?")
"""RFC 3339 with optional seconds; Python reads more of ISO 8601, such as 20270302 and 2027-W10-1."""
_NOT_A_MOMENT = "Not a valid date (2027-03-02) or instant with its zone (2027-03-02T12:00:00Z)."


class MomentField(fields.String):
    """A local date, or an instant with its zone; a naive time is refused."""

    def __init__(self, *, metadata: dict[str, Any], **options: Any) -> None:
        either = [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
        super().__init__(metadata={"anyOf": either} | metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        """A date or an aware datetime; a `+` that a client forgot to encode arrives as a space."""
        words = _BARE_PLUS.sub(r"\1+\2", super()._deserialize(value, attr, data, **kwargs))
        if not _MOMENT.fullmatch(words):
            raise ValidationError(_NOT_A_MOMENT)
        try:
            return date.fromisoformat(words) if len(words) == 10 else datetime.fromisoformat(words.upper())
        except ValueError:
            raise ValidationError(_NOT_A_MOMENT) from None


class DayField(fields.Date):
    """A local date as 2027-03-02, and in no other form of ISO 8601."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        if not re.fullmatch(_DAY, str(value)):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, *args, **kwargs)


def is_in_calendar(value: Moment) -> None:
    """Refuses days and instants outside of the years 1970 to 9998. Raises ValidationError."""
    is_in_range(value if isinstance(value, datetime) else datetime.combine(value, time(), UTC))


def starts_at(moment: Moment, timezone: str) -> datetime:
    """The first instant of a local date (PEP 495: fold=0 where midnight is skipped or happens twice), or the instant."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time(), ZoneInfo(timezone)).astimezone(UTC)


def ends_at(moment: Moment, timezone: str) -> datetime:
    """The instant at which a local date ends, or the instant itself; the window ends before it."""
    return starts_at(moment if isinstance(moment, datetime) else moment + timedelta(days=1), timezone)


def in_utc(args: Mapping[str, Any], timezone: str) -> dict[str, Any]:
    """`args` with its moments `since` and `until`, where they are given, as instants; days are those of `timezone`."""
    found = dict(args)
    if "since" in found:
        found["since"] = starts_at(found["since"], timezone)
    if "until" in found:
        found["until"] = ends_at(found["until"], timezone)
    return found
