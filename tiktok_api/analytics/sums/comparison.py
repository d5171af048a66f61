"""One window against the window before: of several accounts, by those that changed in both."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from tiktok_api.analytics.metrics import Reason
from tiktok_api.analytics.series import RATE_DIGITS, Snapshot
from tiktok_api.analytics.sums.points import History, divided
from tiktok_api.analytics.windows import Period


class Comparison(NamedTuple):
    """One metric of several accounts over a window, and over the window before.

    `change` is that of all accounts that have one, `accounts_in_change` of them. `change_compared` and `change_before` are of
    the `accounts_compared` that have a change in both windows; `relative_change` is made of these two. `captured_at` and
    `oldest_captured_at` are the newest and the oldest reading in the sum.
    """

    value: float | None
    change: int | None
    change_compared: int | None
    change_before: int | None
    relative_change: float | None
    accounts: int
    accounts_read: int
    accounts_in_change: int
    accounts_compared: int
    captured_at: datetime | None
    oldest_captured_at: datetime | None
    is_restated: bool
    reason: Reason | None
    comparison_reason: Reason | None


class RateComparison(NamedTuple):
    """The engagement rate over a window, and over the window before, as in Comparison."""

    value: float | None
    value_compared: float | None
    value_before: float | None
    accounts: int
    accounts_read: int
    accounts_in_change: int
    accounts_compared: int
    captured_at: datetime | None
    oldest_captured_at: datetime | None
    is_restated: bool
    reason: Reason | None
    comparison_reason: Reason | None


class Gathered(NamedTuple):
    """What the accounts add up to, of which a Comparison is made.

    `value` is that of all that were ever read, as `newest` and `oldest` are their readings; `read` to `in_both` count accounts.
    """

    value: int
    change: int
    compared: int
    change_before: int
    read: int
    in_change: int
    in_both: int
    newest: datetime | None
    oldest: datetime | None
    is_restated: bool


def gather(both: tuple[Period, Period], histories: Iterable[History]) -> Gathered:
    """`both` are the window before and the window; histories are taken at the start of the first and at the end of each."""
    before, window = both
    value = change = compared = change_before = 0
    read = in_change = in_both = 0
    is_restated = False
    newest = oldest = None
    for first, middle, last in histories:
        if last is None or last.value is None:
            continue
        value += last.value
        newest = last.captured_at if newest is None or last.captured_at > newest else newest
        oldest = last.captured_at if oldest is None or last.captured_at < oldest else oldest
        if last.captured_at < window.starts_at:
            continue
        read += 1
        is_restated = is_restated or last.drops > (middle.drops if middle else 0)
        gained = change_of(middle, last, window)
        if gained is None:
            continue
        in_change, change = in_change + 1, change + gained
        earlier = change_of(first, middle, before)
        if earlier is not None:
            in_both, compared, change_before = in_both + 1, compared + gained, change_before + earlier
    return Gathered(value, change, compared, change_before, read, in_change, in_both, newest, oldest, is_restated)


def compare(window: Period, known: Gathered, *, accounts: int, now: datetime, is_granted: bool = True) -> Comparison:
    """What was gathered over a window and the one before, of so many accounts."""
    read, in_change, in_both = known.read, known.in_change, known.in_both
    compared, before = known.compared, known.change_before
    reason = _reason(window, known.newest, accounts, read, in_change, now, is_granted=is_granted)
    is_comparable = in_both > 0 and before > 0
    return Comparison(
        known.value if read else None,
        known.change if in_change else None,
        compared if in_both else None,
        before if in_both else None,
        round((compared - before) / before, RATE_DIGITS) if is_comparable else None,
        accounts,
        read,
        in_change,
        in_both,
        known.newest if read else None,
        known.oldest if read else None,
        known.is_restated,
        reason,
        None if is_comparable else _why_not_compared(reason, in_change, in_both),
    )


def change_of(before: Snapshot | None, last: Snapshot | None, period: Period) -> int | None:
    """What an account gained, if it was read in the period and before it."""
    if last is None or before is None or last.captured_at < period.starts_at:
        return None
    return None if last.total is None or before.total is None else last.total - before.total


def _reason(
    window: Period,
    newest: datetime | None,
    accounts: int,
    read: int,
    in_change: int,
    now: datetime,
    *,
    is_granted: bool,
) -> Reason | None:
    if read:
        if not in_change:
            return Reason.NO_READING_BEFORE_WINDOW
        return Reason.PARTLY_READ if read < accounts else None
    if window.starts_at > now:
        return Reason.IN_THE_FUTURE
    if not is_granted:
        return Reason.SCOPE_MISSING
    return Reason.NOT_READ_YET if newest is None else Reason.NO_READING_IN_WINDOW


def _why_not_compared(reason: Reason | None, in_change: int, in_both: int) -> Reason | None:
    if not in_change:
        return reason
    return Reason.NOT_POSITIVE_BEFORE if in_both else Reason.NO_READING_IN_WINDOW_BEFORE


def compare_rates(views: Comparison, interactions: Comparison) -> RateComparison:
    """Interactions per view, both of the same readings of the same videos; null without views."""
    value, reason = divided(interactions.change, views.change, views.reason)
    compared, _ = divided(interactions.change_compared, views.change_compared, None)
    before, why_not = divided(interactions.change_before, views.change_before, views.comparison_reason)
    if compared is None or before is None:
        compared, before, why_not = None, None, why_not or Reason.NO_VIEWS
    else:
        why_not = None
    return RateComparison(
        value,
        compared,
        before,
        views.accounts,
        views.accounts_read,
        views.accounts_in_change,
        views.accounts_compared,
        views.captured_at,
        views.oldest_captured_at,
        views.is_restated or interactions.is_restated,
        reason,
        why_not,
    )


def not_by_label(accounts: int) -> Comparison:
    """What the profile counts, where only the videos of a label are asked for."""
    reason = Reason.NOT_BY_LABEL
    return Comparison(None, None, None, None, None, accounts, 0, 0, 0, None, None, False, reason, reason)
