"""What each video of very many accounts had day by day, as `VideoTotals` has it, and how much there is of everything."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from benchmarks.rows import OnPostgresql, id_of, insert

ACCOUNT, _ARRAYS = "01910002", "01910003"
_DAY = 86_400


def account_id(number: int) -> UUID:
    """The id of an account, from 1; every tenth has the tag."""
    return id_of(ACCOUNT, number)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is, up to the end of `last_day`."""

    last_day: date
    accounts: int = 1_000
    days: int = 400
    hourly_days: int = 90
    videos: int = 200
    """Of each account."""
    days_of_arrays: int = 400
    """On so many of the last days there is a row of VideoTotals."""

    @property
    def start(self) -> int:
        """The first instant, in seconds since 1970."""
        first = self.last_day - timedelta(days=self.days - 1)
        return int(datetime.combine(first, time(), UTC).timestamp())

    @property
    def daily(self) -> int:
        """Days with one reading."""
        return self.days - self.hourly_days

    @property
    def readings(self) -> int:
        """Of each account and ledger."""
        return self.daily + 24 * self.hourly_days


PACE = {"views": (100, 5_000), "likes": (9, 400), "comments": (1, 30), "shares": (2, 20)}
"""What a video gains a day at least, and what the older ones had when they were first seen, which is what it gains more at most."""
SPREAD = 7_919
"""Times the place of a video: some gain a hundred times as much as others, as if by chance, so that no array is easily compressed."""


def totals(size: Size, *, is_sqlite: bool) -> Iterator[tuple[Any, ...]]:
    """The rows of VideoTotals, one for each account and day.

    Arrays are added as whole numbers of very many digits, which is a hundred times as fast as one by one.
    """
    half = size.videos // 2
    steps = {
        name: array("q", [step + (place + 1) * SPREAD % least for place in range(size.videos)])
        for name, (step, least) in PACE.items()
    }
    apart = size.days / max(size.videos - half, 1)
    for day in range(max(size.days - size.days_of_arrays, 0), size.days):
        known = half + min(int(day / apart) + 1, size.videos - half)
        packed = [_grown(steps[name], day, apart, half)[: 8 * known] for name in PACE]
        seconds = size.start + day * _DAY + (82_800 if day < size.daily else 23 * 3_600)
        for number in range(1, size.accounts + 1):
            at: Any = datetime.fromtimestamp(seconds + number % 3_600, UTC)
            row_id: Any = id_of(_ARRAYS, (number - 1) * size.days + day)
            account: Any = account_id(number)
            if is_sqlite:
                at = at.isoformat(" ", "microseconds")[:26]
                row_id, account = row_id.hex, account.hex
            yield (row_id, account, at, *packed, b"\x01" * known, at)


def _grown(steps: "array[int]", day: int, apart: float, half: int) -> bytes:
    ages = (day if place < half else max(day - int((place - half) * apart), 0) for place in range(len(steps)))
    return array("q", [step * age for step, age in zip(steps, ages, strict=True)]).tobytes()


def starts(sql: OnPostgresql) -> str:
    """What changes are counted from, as arrays; on SQLite it is gathered from the videos."""
    columns = {"id": "account_id", "account_id": "account_id", "created_at": sql.time("0")}
    turned = "decode(string_agg((SELECT string_agg(substr(to_hex_, 17 - 2 * n, 2), '' ORDER BY n) FROM generate_series(1, 8) n), '' ORDER BY position), 'hex')"
    sent = {name: turned.replace("to_hex_", f"lpad(to_hex(first_{name}), 16, '0')") for name in PACE}
    return insert("video_starts", "videos GROUP BY account_id", **columns, **sent)
