"""Opening an export: what is asked, as of when, and the first rows, so that a question that is refused is refused in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any

from tiktok_api import clock
from tiktok_api.analytics import windows
from tiktok_api.analytics.errors import WindowBackwards
from tiktok_api.analytics.exports.columns import AboutPosts, Column, Inquiry, Rows
from tiktok_api.analytics.exports.datasets import DATASETS
from tiktok_api.analytics.exports.errors import AsOfInFuture, NotByLabel, OnlyOfNow
from tiktok_api.analytics.metrics import Interval, Metric
from tiktok_api.analytics.selection import select_accounts
from tiktok_api.analytics.windows import Moment, Window
from tiktok_api.auth.identity import Identity

_FIRST_DAY = windows.EARLIEST + timedelta(days=1)
_CHECKED_ROWS = 1
"""Rows that are read before the response begins."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that can be written. `rows` reads from the database as it is gone through."""

    dataset: str
    columns: Sequence[Column]
    rows: Rows
    as_of: datetime
    window: Window

    @property
    def name(self) -> str:
        """The name of its file, without an ending: equal names have equal contents if the question was the same."""
        first, last = self.window.whole.date, windows.last_day(self.window, self.window.zone)
        when = f"{last}" if first <= _FIRST_DAY else f"{first}_{last}"
        return f"tiktok-{self.dataset}_{when}_as-of-{self.as_of:%Y%m%dT%H%M%SZ}"


def open_export(
    caller: Identity,
    *,
    dataset: str,
    metric: Sequence[Metric] | None = None,
    interval: Interval,
    about_posts: AboutPosts,
    as_of: Moment | None = None,
    starts: Moment | None = None,
    ends: Moment | None = None,
    timezone: str | None = None,
    **chosen: Any,
) -> Export:
    """The rows that answer the question by what was captured before `as_of` (a date: before its end).

    Raises NotFound, AsOfInFuture, NotByLabel, OnlyOfNow, PostNotNamed, TooManyAccounts, TooManyPosts, WindowBackwards,
    WindowOutOfRange, WindowTooLong.
    """
    kind, zone = DATASETS[dataset], timezone or caller.timezone
    if not kind.is_by_label and chosen.get("label"):
        raise NotByLabel.at(parameter="label", dataset=dataset)
    now = clock.now()
    moment = _moment_of(as_of, zone, now)
    if kind.is_of_now and moment < now:
        raise OnlyOfNow.at(parameter="as_of", dataset=dataset)
    if kind.is_stored and starts is None:
        starts = _FIRST_DAY
    whole = windows.make_window(starts, ends, timezone=zone, now=moment)
    window, before = _cut(whole, moment), windows.window_before(whole)
    asked = window if moment < now else _cut(whole, _end_of_day(moment, whole))
    metrics = tuple(dict.fromkeys(metric or Metric))
    selection = select_accounts(caller, **chosen)
    rows = kind.rows(Inquiry(caller, selection, window, asked, before, moment, metrics, interval, about_posts))
    first = list(islice(rows, _CHECKED_ROWS))
    return Export(dataset, kind.columns, chain(first, rows), moment, window)


def _moment_of(as_of: Moment | None, timezone: str, now: datetime) -> datetime:
    if as_of is None:
        return now
    if isinstance(as_of, datetime):
        starts_at = ends_at = as_of
    else:
        day = windows.make_window(as_of, as_of, timezone=timezone, now=now)
        starts_at, ends_at = day.starts_at, day.ends_at
    if starts_at > now:
        raise AsOfInFuture.at(parameter="as_of")
    return min(ends_at, now).astimezone(UTC)


def _cut(window: Window, moment: datetime) -> Window:
    """The window without what is later than the moment: the same question answered later has the same rows."""
    if window.starts_at >= moment:
        raise WindowBackwards.at(parameter="from")
    return Window(window.starts_at, min(window.ends_at, moment), window.timezone)


def _end_of_day(moment: datetime, window: Window) -> datetime:
    return windows.start_of_day(moment.astimezone(window.zone).date() + timedelta(days=1), window.zone)


def batches(rows: Rows, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows in lists of `size`, the last one shorter."""
    while batch := list(islice(rows, size)):
        yield batch
