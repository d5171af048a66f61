"""Sums over accounts from what was known of each at some instants: pure arithmetic, as in `series`.

The value of a period is the sum of the last known values of all accounts that were ever read by its end, and says how many of
them were read within it; the others' values are carried. Its change is the sum over the accounts that were read in the
period and before it, so that the changes of a window's periods add up to the window's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.series import RATE_DIGITS, Snapshot
from tiktok_api.analytics.windows import Period, start_of_day

History = Sequence[Snapshot | None]
"""One metric of one account: its last reading that had the metric, before each of some instants."""


class SumPoint(NamedTuple):
    """One metric of several accounts over one period.

    Of `accounts`, `accounts_read` were read in it, and `accounts_in_change` also before it. `captured_at` is the newest reading of
    the period, `changed_since` the oldest from which a change is counted. `reason` says why `value` is null, why `change` is,
    or that not all accounts were read.
    """

    date: date
    starts_at: datetime
    ends_at: datetime
    value: float | None
    change: int | None
    accounts: int
    accounts_read: int
    accounts_in_change: int
    captured_at: datetime | None
    changed_since: datetime | None
    is_restated: bool
    reason: Reason | None


@dataclass(slots=True)
class Added:
    """What the accounts that were read in one period add up to; `growth` is what they add to the value.

    `change_in_turn` is the change of those that were also read in the period before: of no others is it the period's own.
    """

    growth: int = 0
    change: int = 0
    read: int = 0
    in_change: int = 0
    captured_at: datetime | None = None
    changed_since: datetime | None = None
    is_restated: bool = False
    in_turn: int = 0
    change_in_turn: int = 0


@dataclass(slots=True)
class Ledger:
    """What was known before the first period, by how many accounts, and what each period adds."""

    value: int
    known: int
    periods: list[Added]


def together(several: Sequence[Ledger]) -> Ledger:
    """The sum of ledgers of different accounts over the same periods."""
    periods = zip(*(ledger.periods for ledger in several), strict=True)
    value, known = sum(ledger.value for ledger in several), sum(ledger.known for ledger in several)
    return Ledger(value, known, [_sum(each) for each in periods])


def _sum(several: Sequence[Added]) -> Added:
    return Added(
        sum(each.growth for each in several),
        sum(each.change for each in several),
        sum(each.read for each in several),
        sum(each.in_change for each in several),
        max((each.captured_at for each in several if each.captured_at), default=None),
        min((each.changed_since for each in several if each.changed_since), default=None),
        any(each.is_restated for each in several),
        sum(each.in_turn for each in several),
        sum(each.change_in_turn for each in several),
    )


def add_up(periods: Sequence[Period], histories: Iterable[History], *, zone: ZoneInfo | None = None) -> Ledger:
    """Each history is taken at the start of the first period and at the end of each.

    With a zone, the periods are its days, so that what was read on the day before the first counts as in turn.
    """
    ledger = Ledger(0, 0, [Added() for _ in periods])
    starts = [period.starts_at for period in periods]
    earlier = [start_of_day(periods[0].date - timedelta(days=1), zone) if zone else starts[0], *starts]
    for history in histories:
        before = history[0]
        if before is not None and before.value is not None:
            ledger.value += before.value
            ledger.known += 1
        for place, added in enumerate(ledger.periods):
            last = history[place + 1]
            if last is not None and last.captured_at >= starts[place]:
                _add(added, before, last, earlier[place])
            before = last
    return ledger


def _add(added: Added, before: Snapshot | None, last: Snapshot, starts_of_period_before: datetime) -> None:
    if last.value is None or last.total is None:
        return
    added.read += 1
    added.growth += last.value - ((before.value or 0) if before else 0)
    if added.captured_at is None or last.captured_at > added.captured_at:
        added.captured_at = last.captured_at
    if last.drops > (before.drops if before else 0):
        added.is_restated = True
    if before is not None and before.total is not None:
        added.in_change += 1
        added.change += last.total - before.total
        if before.captured_at >= starts_of_period_before:
            added.in_turn += 1
            added.change_in_turn += last.total - before.total
        if added.changed_since is None or before.captured_at < added.changed_since:
            added.changed_since = before.captured_at


def points_of(
    periods: Sequence[Period], ledger: Ledger, *, accounts: int, now: datetime, is_granted: bool = True
) -> list[SumPoint]:
    """The points of one metric. `is_granted`: at least one account has granted the scope of it."""
    value, is_known = ledger.value, ledger.known > 0
    points = []
    for period, added in zip(periods, ledger.periods, strict=True):
        value += added.growth
        is_known = is_known or added.read > 0
        points.append(
            SumPoint(
                period.date,
                period.starts_at,
                period.ends_at,
                value if added.read else None,
                added.change if added.in_change else None,
                accounts,
                added.read,
                added.in_change,
                added.captured_at,
                added.changed_since,
                added.is_restated,
                _reason(period, added, accounts, now, is_known=is_known, is_granted=is_granted),
            )
        )
    return points


def _reason(
    period: Period, added: Added, accounts: int, now: datetime, *, is_known: bool, is_granted: bool
) -> Reason | None:
    if added.read:
        if not added.in_change:
            return Reason.NO_READING_BEFORE_WINDOW
        return Reason.PARTLY_READ if added.read < accounts else None
    if period.starts_at > now:
        return Reason.IN_THE_FUTURE
    if not is_granted:
        return Reason.SCOPE_MISSING
    return Reason.NO_READING_IN_WINDOW if is_known else Reason.NOT_READ_YET


def rate(views: Sequence[SumPoint], interactions: Sequence[SumPoint]) -> list[SumPoint]:
    """Interactions per view in each period, both of the same readings; null without views, or if more were taken back."""
    return [_rate_one(seen, done) for seen, done in zip(views, interactions, strict=True)]


def _rate_one(views: SumPoint, interactions: SumPoint) -> SumPoint:
    value, reason = divided(interactions.change, views.change, views.reason)
    is_restated = views.is_restated or interactions.is_restated
    return views._replace(value=value, change=None, is_restated=is_restated, reason=reason)


def divided(interactions: int | None, views: int | None, reason: Reason | None) -> tuple[float | None, Reason | None]:
    """The rate, and why it is null, or what `reason` says of what it was made from."""
    if views is None or interactions is None:
        return None, reason
    if views <= 0:
        return None, Reason.NO_VIEWS
    return round(interactions / views, RATE_DIGITS), reason


def not_by_label(periods: Sequence[Period], accounts: int) -> list[SumPoint]:
    """The points of what the profile counts, where only the videos of a label are asked for."""
    nothing = (None, None, accounts, 0, 0, None, None, False, Reason.NOT_BY_LABEL)
    return [SumPoint(period.date, period.starts_at, period.ends_at, *nothing) for period in periods]
