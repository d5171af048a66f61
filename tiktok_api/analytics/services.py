"""The metrics of one account: a summary, a time series, and the state of its list of videos."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from tiktok_api import clock
from tiktok_api.accounts import queries as accounts
from tiktok_api.accounts.models import VIDEO_LIST_SCOPE, Account
from tiktok_api.analytics import queries, series, windows
from tiktok_api.analytics.metrics import Interval, Metric, Reason, scope_for
from tiktok_api.analytics.models import VideoSync
from tiktok_api.analytics.queries import INTERACTIONS
from tiktok_api.analytics.series import Point, Snapshot
from tiktok_api.analytics.sums.seeks import histories_at
from tiktok_api.analytics.windows import Moment, Period, Window
from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, reading

_COUNTERS = [metric for metric in Metric if metric is not Metric.ENGAGEMENT_RATE]


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of an account, cut into the periods of a window."""

    account_id: UUID
    username: str | None
    metric: Metric
    interval: Interval
    window: Window
    points: Sequence[Point]
    others: Sequence[dict[str, Any]] = ()
    """The further metrics that were asked for, each with its points."""


def summarise(
    caller: Identity,
    account_id: UUID,
    *,
    starts: Moment | None = None,
    ends: Moment | None = None,
    timezone: str | None = None,
) -> dict[str, Any]:
    """Every metric over one window, and the numerator of the engagement rate, for SummarySchema.

    Raises NotFound, WindowBackwards, WindowOutOfRange.
    """
    account = _find(caller, account_id)
    now = clock.now()
    window = windows.make_window(starts, ends, timezone=timezone or caller.timezone, now=now)
    whole = [window.whole]
    snapshots = _snapshots_at(account_id, [window.starts_at, window.ends_at], [*_COUNTERS, INTERACTIONS])
    found = {metric.value: _measure(whole, metric, snapshots, now, account.scopes)[0] for metric in Metric}
    interactions = series.measure(whole, snapshots[INTERACTIONS], now=now)[0].change
    return {"account_id": account_id, "window": window, **found, "interactions": interactions}


def get_timeseries(
    caller: Identity,
    account_id: UUID,
    *,
    metric: Metric,
    interval: Interval,
    starts: Moment | None = None,
    ends: Moment | None = None,
    timezone: str | None = None,
) -> Series:
    """One metric by day, week or month. Raises NotFound, WindowBackwards, WindowOutOfRange, WindowTooLong."""
    when: dict[str, Any] = {"interval": interval, "starts": starts, "ends": ends, "timezone": timezone}
    return get_several_timeseries(caller, account_id, metrics=[metric], **when)


def get_several_timeseries(
    caller: Identity,
    account_id: UUID,
    *,
    metrics: Sequence[Metric],
    interval: Interval,
    starts: Moment | None = None,
    ends: Moment | None = None,
    timezone: str | None = None,
) -> Series:
    """Some metrics at once: the first as of `get_timeseries`, and the `others`. One query for all of them."""
    account = _find(caller, account_id)
    now = clock.now()
    window = windows.make_window(starts, ends, timezone=timezone or caller.timezone, now=now)
    periods = windows.cut(window, interval)
    wanted = list(dict.fromkeys(metrics))
    names = dict.fromkeys(name for metric in wanted for name in _parts_of(metric))
    snapshots = _snapshots_at(account_id, [window.starts_at, *(period.ends_at for period in periods)], names)
    points = {metric: _measure(periods, metric, snapshots, now, account.scopes) for metric in wanted}
    first, *others = wanted
    further = [{"metric": metric, "points": points[metric]} for metric in others]
    return Series(account_id, account.username, first, interval, window, points[first], further)


def _snapshots_at(
    account_id: UUID, instants: Sequence[datetime], names: Iterable[str]
) -> dict[str, list[Snapshot | None]]:
    """The last reading before each instant; before the first, the last that had the number, if TikTok left it out of that one."""
    found = queries.snapshots_at(account_id, instants, names)
    lacking = [name for name, (before, *_) in found.items() if before is not None and before.total is None]
    for name, histories in histories_at([account_id], instants[:1], lacking).items() if lacking else ():
        found[name][:1] = histories.get(account_id, [None])
    return found


def _parts_of(metric: Metric) -> list[str]:
    return [Metric.VIEWS, INTERACTIONS] if metric is Metric.ENGAGEMENT_RATE else [metric]


def _measure(
    periods: Sequence[Period],
    metric: Metric,
    snapshots: dict[str, list[Snapshot | None]],
    now: datetime,
    scopes: Collection[str],
) -> list[Point]:
    is_granted = scope_for(metric) in scopes
    if metric is not Metric.ENGAGEMENT_RATE:
        return series.measure(periods, snapshots[metric], now=now, is_granted=is_granted)
    views = series.measure(periods, snapshots[Metric.VIEWS], now=now, is_granted=is_granted)
    interactions = series.measure(periods, snapshots[INTERACTIONS], now=now, is_granted=is_granted)
    return series.rate(views, interactions)


def list_state(caller: Identity, account_id: UUID) -> tuple[datetime | None, Reason | None]:
    """When the account's whole list of videos was read, and why it is not read (again). Raises NotFound."""
    account = _find(caller, account_id)
    if VIDEO_LIST_SCOPE not in account.scopes:
        return account.completed_at, Reason.SCOPE_MISSING
    if account.completed_at is None:
        return None, account.skip_reason or Reason.NOT_READ_YET
    return account.completed_at, account.skip_reason


@reading
def _account(given: Given) -> Select[Any]:
    columns: list[Any] = [Account.username, Account.scopes, VideoSync.completed_at, VideoSync.skip_reason]
    query = select(*columns).outerjoin(VideoSync, VideoSync.account_id == Account.id)
    return query.where(Account.id == given["id"], *accounts.is_reached(given))


def _find(caller: Identity, account_id: UUID) -> Any:
    """What is needed to know of the caller's account. Raises NotFound."""
    return _account.one(id=account_id, **caller.reach)
