"""Recurrence rules of RFC 5545: the parts by which nothing happens more than once a day, read into dateutil's rule.

dateutil looks for the next occurrence up to the year 9999. By a rule that never comes true, that is 0.3 s of computing for
months and years (measured), but 3 s for days; so rules of days and weeks have only parts by which they come true soon.
"""

import re
from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule

from tiktok_api.posts.recurrences.errors import RuleNotSupported

MOST_COUNT = 10_000
LONGEST_RULE = 500
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}
_MOST_APART = {"DAILY": 366, "WEEKLY": 53, "MONTHLY": 24, "YEARLY": 10}
_PARTS = {
    "DAILY": {"BYDAY", "BYMONTH"},
    "WEEKLY": {"BYDAY", "WKST"},
    "MONTHLY": {"BYDAY", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": {"BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"},
}
_ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL"}
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)


def parse(rule: str, *, start: datetime, zone: ZoneInfo) -> Any:
    """Returns the wall times of a rule, of which the first is `start` or later: a `dateutil.rrule.rrule`, to be iterated.

    UNTIL may be a day, which is included, a wall time, or an instant in UTC. Raises RuleNotSupported.
    """
    if not rule.isascii():  # upper() makes the letters I, S and FI of some others
        raise _refused("A rule is written in ASCII, as in FREQ=WEEKLY;BYDAY=MO,TH.")
    parts = _split(rule.upper().removeprefix("RRULE:"))
    frequency = parts.get("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise _refused("FREQ is one of DAILY, WEEKLY, MONTHLY and YEARLY: nothing is posted more than once a day.")
    interval = _number("INTERVAL", parts.get("INTERVAL", "1"), 1, _MOST_APART[frequency])
    _must_be_known(frequency, parts, interval)
    counted = {"count": _number("COUNT", parts["COUNT"], 1, MOST_COUNT)} if "COUNT" in parts else {}
    return rrule.rrule(
        _FREQUENCIES[frequency],
        dtstart=start,
        interval=interval,
        wkst=_weekday(parts.get("WKST", "MO"), 0),
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        byweekday=_each("BYDAY", parts, lambda text: _weekday(text, _most_ordinal(frequency, parts))),
        bymonth=_each("BYMONTH", parts, lambda text: _number("BYMONTH", text, 1, 12)),
        bymonthday=_each("BYMONTHDAY", parts, lambda text: _number("BYMONTHDAY", text, -31, 31)),
        bysetpos=_each("BYSETPOS", parts, lambda text: _number("BYSETPOS", text, -366, 366)),
        **counted,
    )


def _split(rule: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in rule.removesuffix(";").split(";")]
    if any(not (equals and value) for _, equals, value in pairs):
        raise _refused("A rule is a list of NAME=VALUE, as in FREQ=WEEKLY;BYDAY=MO,TH.")
    parts = {name: value for name, _, value in pairs}
    if len(parts) < len(pairs):
        raise _refused("A part of the rule is there twice.")
    return parts


def _must_be_known(frequency: str, parts: dict[str, str], interval: int) -> None:
    """Raises RuleNotSupported for parts that this frequency does not have, or not together."""
    strange = sorted(parts.keys() - _PARTS[frequency] - _ALWAYS)
    if strange:
        taken = ", ".join(sorted(_PARTS[frequency] | _ALWAYS))
        raise _refused(f"{strange[0]} is not taken with FREQ={frequency}; these are: {taken}.")
    if frequency == "DAILY" and interval > 1 and parts.keys() & {"BYDAY", "BYMONTH"}:
        raise _refused("With FREQ=DAILY, BYDAY and BYMONTH are taken for every day only, without INTERVAL.")
    if "BYSETPOS" in parts and "BYDAY" not in parts:
        raise _refused("BYSETPOS chooses among the days of BYDAY, which is missing.")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("A rule has COUNT or UNTIL, not both.")


def _each(name: str, parts: dict[str, str], read: Callable[[str], Any]) -> list[Any] | None:
    return [read(text) for text in parts[name].split(",")] if name in parts else None


def _number(name: str, text: str, least: int, most: int) -> int:
    found = int(text) if re.fullmatch("[+-]?[0-9]{1,6}", text) else 0
    if found == 0 or not least <= found <= most:
        raise _refused(f"{name} is a whole number from {least} to {most}" + (", and not 0." if least < 0 else "."))
    return found


def _most_ordinal(frequency: str, parts: dict[str, str]) -> int:
    """Returns how many of one weekday there can be: `2TU` is the second of the month, or of the year."""
    if frequency in ("DAILY", "WEEKLY"):
        return 0
    return 5 if frequency == "MONTHLY" or "BYMONTH" in parts else 53


def _weekday(text: str, most: int) -> Any:
    found = re.fullmatch(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", text, re.ASCII)
    ordinal = int(found[1]) if found and found[1] else None
    if found is None or (ordinal is not None and not 1 <= abs(ordinal) <= most):
        raise _refused(f"A weekday is one of {', '.join(_DAYS)}; months and years take ordinals too, as in -1FR.")
    return rrule.weekday(_DAYS.index(found[2]), ordinal)


def _until(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text) if _UNTIL.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise _refused("UNTIL is a day (20270331), a local time (20270331T090000) or a time in UTC.")
    if found.tzinfo is not None:
        try:
            return found.astimezone(zone).replace(tzinfo=None)
        except (
            OverflowError
        ):  # programs write 99991231T235959Z for "always": at the ends of the calendar no hour counts
            return found.replace(tzinfo=None)
    return found if "T" in text else datetime.combine(found, time.max)


def _refused(message: str) -> RuleNotSupported:
    return RuleNotSupported.at("/rule", message=message)
