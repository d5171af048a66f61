"""One video's readings, cut into points, days and rates: pure arithmetic.

Everything is counted from a base: nothing at the time of posting for a video that was posted while its account was watched, otherwise
the first numbers that were read. So the changes of the days add up to all that was gained since.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tiktok_api.analytics.metrics import VIDEO_COUNTERS, Reason
from tiktok_api.analytics.windows import MOST_POINTS, start_of_day

HOURLY = timedelta(hours=48)
"""The age up to which points are by hour."""
_HOUR = timedelta(hours=1)
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """What TikTok said of a video; `numbers` are None if it left a counter out."""

    captured_at: datetime
    numbers: dict[str, int] | None
    is_restated: bool = False


def age_hours(posted_at: datetime | None, at: datetime) -> float | None:
    """Hours since a video was posted; None if TikTok has not told when that was."""
    return None if posted_at is None else round((at - posted_at) / _HOUR, _DIGITS)


def choose(readings: Sequence[Reading], posted_at: datetime | None, zone: ZoneInfo) -> list[Reading]:
    """The last reading of each hour of age in the first 48, then of each local day; the first 400 of them."""
    last: dict[int | date, Reading] = {}
    for reading in readings:
        age = None if posted_at is None else reading.captured_at - posted_at
        is_young = age is not None and age < HOURLY
        last[age // _HOUR if age is not None and is_young else reading.captured_at.astimezone(zone).date()] = reading
    return list(last.values())[:MOST_POINTS]


def points_of(chosen: Sequence[Reading], posted_at: datetime | None) -> list[dict[str, Any]]:
    """The points of a video's life."""
    return [
        {
            "captured_at": reading.captured_at,
            "age_hours": age_hours(posted_at, reading.captured_at),
            **(reading.numbers or dict.fromkeys(VIDEO_COUNTERS)),
            "is_restated": reading.is_restated,
            "reason": None if reading.numbers else Reason.LEFT_OUT_BY_TIKTOK,
        }
        for reading in chosen
    ]


def rates_of(base: Reading, chosen: Sequence[Reading], posted_at: datetime | None) -> list[dict[str, Any]]:
    """Views gained per hour between consecutive points; what was not read in between makes an interval longer, and never 0."""
    known = [base, *(each for each in chosen if each.numbers and each.captured_at > base.captured_at)]
    found = []
    for before, last in pairwise(known):
        gained = (last.numbers or {})["views"] - (before.numbers or {})["views"]
        found.append(
            {
                "starts_at": before.captured_at,
                "ends_at": last.captured_at,
                "from_hours": age_hours(posted_at, before.captured_at),
                "to_hours": age_hours(posted_at, last.captured_at),
                "views": gained,
                "views_per_hour": round(gained / ((last.captured_at - before.captured_at) / _HOUR), _DIGITS),
            }
        )
    return found


def days_of(base: Reading, readings: Sequence[Reading], zone: ZoneInfo, *, until: datetime) -> list[dict[str, Any]]:
    """Each local day from the base to `until`, 400 at most: the last reading in it, and its difference from the one before."""
    by_day: dict[date, Reading] = {}
    for reading in readings:
        day = reading.captured_at.astimezone(zone).date()
        if reading.numbers or day not in by_day:  # numbers are not lost to a later reading that left one out
            by_day[day] = reading
    lowered = {each.captured_at.astimezone(zone).date() for each in readings if each.is_restated}
    found, before = [], base
    for day in _days(base.captured_at.astimezone(zone).date(), until.astimezone(zone).date()):
        last, span = by_day.get(day), _span(day, zone)
        if span["starts_at"] == span["ends_at"]:
            continue  # the zone left this date out
        found.append({**span, **_of_day(last, before), "is_restated": day in lowered})
        if last is not None and last.numbers:
            before = last
    return found


def _days(first: date, last: date) -> Iterator[date]:
    for number in range(min((last - first).days + 1, MOST_POINTS)):
        yield first + timedelta(days=number)


def _span(day: date, zone: ZoneInfo) -> dict[str, Any]:
    return {"date": day, "starts_at": start_of_day(day, zone), "ends_at": start_of_day(day + timedelta(days=1), zone)}


def _of_day(last: Reading | None, before: Reading) -> dict[str, Any]:
    if last is None or not last.numbers:
        reason = Reason.NO_READING_IN_WINDOW if last is None else Reason.LEFT_OUT_BY_TIKTOK
        nothing = dict.fromkeys(VIDEO_COUNTERS)
        return {"value": nothing, "change": nothing, "captured_at": None, "changed_since": None, "reason": reason}
    then = before.numbers or {}
    return {
        "value": last.numbers,
        "change": {name: last.numbers[name] - then[name] for name in VIDEO_COUNTERS},
        "captured_at": last.captured_at,
        "changed_since": before.captured_at,
        "reason": None,
    }
