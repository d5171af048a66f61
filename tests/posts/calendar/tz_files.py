"""The files of the tz database, read as RFC 9636 describes them: an independent word on which instant a local time is."""

import re
import struct
import zoneinfo
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path

FIRST, LAST = 2024, 2030
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # local times are counted from it too


@dataclass(frozen=True)
class Change:
    """At `at`, in seconds since 1970, the clocks go from `before` to `after` seconds ahead of UTC."""

    at: int
    before: int
    after: int


@dataclass(frozen=True)
class Rules:
    """A zone's offset until the first change, and all changes until some years after LAST."""

    first_offset: int
    changes: list[Change]

    def offset_at(self, instant: int) -> int:
        place = bisect_right([change.at for change in self.changes], instant)
        return self.changes[place - 1].after if place else self.first_offset

    def instants_of(self, wall: int) -> list[int]:
        """The instants at which clocks show `wall`: none, one or two."""
        offsets = {self.first_offset} | {change.after for change in self.changes}
        return sorted(wall - offset for offset in offsets if self.offset_at(wall - offset) == offset)


def read_rules(name: str) -> Rules:
    data = _bytes_of(name)
    assert data[:4] == b"TZif"
    version = data[4:5]
    assert version >= b"2"
    counts = struct.unpack(">6l", data[20:44])
    start = 44 + _length(counts, size=4)
    isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt = struct.unpack(">6l", data[start + 20 : start + 44])
    body = start + 44
    times = struct.unpack(f">{timecnt}q", data[body : body + 8 * timecnt])
    kinds = data[body + 8 * timecnt : body + 9 * timecnt]
    types = body + 9 * timecnt
    offsets = [struct.unpack(">l", data[types + 6 * n : types + 6 * n + 4])[0] for n in range(typecnt)]
    footer = data[start + 44 + _length((isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt), size=8) :]
    moments = [(at, offsets[kind]) for at, kind in zip(times, kinds, strict=True)]
    last = times[-1] if times else -(2**62)
    moments += [each for each in _by_footer(footer.strip(b"\n").decode()) if each[0] > last]
    changes, offset = [], offsets[0]
    for at, after in moments:
        if after != offset:
            changes.append(Change(at, offset, after))
        offset = after
    return Rules(offsets[0], changes)


def _bytes_of(name: str) -> bytes:
    for folder in zoneinfo.TZPATH:
        if (file := Path(folder, name)).is_file():
            return file.read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def _length(counts: tuple[int, ...], *, size: int) -> int:
    isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt = counts
    return timecnt * (size + 1) + typecnt * 6 + charcnt + leapcnt * (size + 4) + isstdcnt + isutcnt


_NAME, _TIME = r"(?:[A-Za-z]{3,}|<[^>]+>)", r"[+-]?\d+(?::\d+(?::\d+)?)?"
_DAY = r"(?:J\d+|\d+|M\d+\.\d+\.\d+)"
_FOOTER = re.compile(rf"{_NAME}({_TIME})(?:{_NAME}({_TIME})?,({_DAY})(?:/({_TIME}))?,({_DAY})(?:/({_TIME}))?)?")


def _by_footer(footer: str) -> list[tuple[int, int]]:
    """The changes that the rule of a footer makes each year, and the offset that it begins with."""
    found = _FOOTER.fullmatch(footer)
    assert found, footer
    standard = -_seconds(found[1])
    if found[3] is None:
        return []
    summer = standard + 3600 if found[2] is None else -_seconds(found[2])
    moments = []
    for year in range(1990, LAST + 5):
        moments.append((_day(found[3], year) + _seconds(found[4] or "2") - standard, summer))
        moments.append((_day(found[5], year) + _seconds(found[6] or "2") - summer, standard))
    return sorted(moments)


def _seconds(written: str) -> int:
    sign = -1 if written.startswith("-") else 1
    parts = [*map(int, written.lstrip("+-").split(":")), 0, 0]
    return sign * (parts[0] * 3600 + parts[1] * 60 + parts[2])


def _day(rule: str, year: int) -> int:
    """Seconds from 1970 to midnight of the day that the rule names, as if on UTC."""
    if not rule.startswith("M"):
        number = int(rule.removeprefix("J"))
        is_leap = date(year, 12, 31).timetuple().tm_yday == 366
        skipped = number - 1 + (is_leap and number >= 60) if rule.startswith("J") else number
        return _since_1970(date(year, 1, 1) + timedelta(days=skipped))
    month, week, weekday = map(int, rule[1:].split("."))
    days = [date(year, month, 1) + timedelta(days=n) for n in range(31)]
    fitting = [day for day in days if day.month == month and day.isoweekday() % 7 == weekday]
    return _since_1970(fitting[min(week, len(fitting)) - 1])


def _since_1970(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400


def as_instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def as_wall(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).isoformat()
