"""A question about several accounts: which of them, which window, and what `now` is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.analytics import video_totals, windows
from tiktok_api.analytics.metrics import PROFILE_METRICS, Metric, scope_for
from tiktok_api.analytics.queries import VIDEO_LIKES
from tiktok_api.analytics.selection import Selection, select_accounts
from tiktok_api.analytics.sums.both_windows import gathered_over
from tiktok_api.analytics.sums.comparison import Gathered, gather
from tiktok_api.analytics.sums.seeks import Histories, histories_at
from tiktok_api.analytics.windows import Moment, Period, Window
from tiktok_api.auth.identity import Identity

_NAMES_IN_ARRAYS: dict[str, str] = {VIDEO_LIKES: "likes"}


@dataclass(frozen=True)
class Question:
    """What is asked of a selection of accounts in a window, at one time."""

    caller: Identity
    selection: Selection
    window: Window
    now: datetime

    @property
    def whole(self) -> Period:
        """The window as one period."""
        return self.window.whole

    @cached_property
    def before(self) -> Window:
        """The window before."""
        return windows.window_before(self.window)

    @property
    def both(self) -> tuple[Period, Period]:
        """The window before, and the window."""
        return self.before.whole, self.whole

    @cached_property
    def positions(self) -> dict[UUID, list[int]]:
        """By account, the places of the videos that came from posts with the labels."""
        labels, ids = self.selection.labels or (), self.selection.account_ids
        return video_totals.labelled_positions(self.caller.user_id, ids, labels)

    @property
    def account_ids(self) -> tuple[UUID, ...]:
        """The accounts that can have something: all, or those with videos of the labels."""
        ids = self.selection.account_ids
        return ids if self.selection.labels is None else tuple(each for each in ids if each in self.positions)

    def can_tell(self, name: str) -> bool:
        """Returns False for what the profile counts, where only videos of labels are asked for."""
        return self.selection.labels is None or name not in PROFILE_METRICS

    def is_granted(self, name: str, only: Collection[UUID] | None = None) -> bool:
        """Returns True if at least one account (of `only` some) has granted the scope; without accounts, none is missing."""
        scope = scope_for(Metric(name) if name in PROFILE_METRICS else Metric.VIEWS)
        accounts = [each for each in self.selection.accounts if only is None or each.id in only]
        return not accounts or any(scope in account.scopes for account in accounts)

    @cached_property
    def is_by_days(self) -> bool:
        """Whether the days of the window's zone are those by which the rows of all accounts are marked."""
        if self.selection.labels is not None:
            return False
        timezone = self.window.timezone
        return all(each.day_zone == timezone or not each.was_read for each in self.selection.accounts)

    def _days(self, instants: Sequence[datetime]) -> list[date] | None:
        zone = self.window.zone
        days = [instant.astimezone(zone).date() for instant in instants]
        is_their_start = all(windows.start_of_day(day, zone) == at for day, at in zip(days, instants, strict=True))
        return days if self.is_by_days and is_their_start else None

    def histories(
        self,
        instants: Sequence[datetime],
        names: Sequence[str],
        *,
        only: Sequence[UUID] | None = None,
        is_series: bool = False,
    ) -> Histories:
        """What was known at each instant, by name and account, of all accounts or of `only` some. Raises TooManyReadings."""
        ids = self.account_ids if only is None else only
        if self.selection.labels is None:
            return histories_at(ids, instants, names, is_series=is_series, days=self._days(instants))
        told = [name for name in names if self.can_tell(name)]
        stored = [_NAMES_IN_ARRAYS.get(name, name) for name in told]
        found = video_totals.snapshots_at(ids, instants, stored, self.positions)
        return {name: {each: found[each][key] for each in found} for name, key in zip(told, stored, strict=True)}

    def gathered(self, names: Sequence[str]) -> dict[str, Gathered]:
        """What the accounts add up to over the window and the one before, by name. Raises TooManyReadings.

        The database adds up what it can: not arrays, and not counters that TikTok left out of a reading.
        """
        told = [name for name in names if self.can_tell(name)]
        before, window = self.both
        instants = [before.starts_at, window.starts_at, window.ends_at]
        found = {}
        if self.selection.labels is None:
            found = gathered_over(self.account_ids, self.both, told, days=self._days(instants))
        if rest := [name for name in told if name not in found]:
            histories = self.histories(instants, rest)
            found |= {name: gather(self.both, histories[name].values()) for name in rest}
        return found


def ask(
    caller: Identity,
    *,
    starts: Moment | None = None,
    ends: Moment | None = None,
    timezone: str | None = None,
    **chosen: Any,
) -> Question:
    """The question of a request; `chosen` is what `select_accounts` takes.

    Raises NotFound, TooManyAccounts, WindowBackwards, WindowOutOfRange.
    """
    now = clock.now()
    window = windows.make_window(starts, ends, timezone=timezone or caller.timezone, now=now)
    return Question(caller, select_accounts(caller, **chosen), window, now)
