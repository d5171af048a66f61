"""TikTok's caps counted over times alone: which of many inits it would refuse if nothing were held, and when one more fits.

It counts as TikTok's pages say, in sliding windows: 6 inits a minute of each kind for an account; direct posts of a creator
and creators of an app in 24 hours; 5 drafts in 24 hours that wait in an inbox. What is refused for the minute is not counted
at all, what is refused for another cap only in the minute. Media are taken to arrive at once.
"""

from bisect import bisect_right, insort
from collections import OrderedDict, defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tiktok_api.posts.limits import DAY, INBOX_SHARES, Cap
from tiktok_api.tiktok import INITS_A_MINUTE

MINUTE = timedelta(minutes=1)
_MOST_STEPS = 1_000
_MOST_HELD = 100


@dataclass(frozen=True, slots=True)
class PlannedInit:
    """One init, past or to come, for a creator. `key` is what it is called outside."""

    at: datetime
    creator: Hashable
    is_direct: bool = True
    is_photo: bool = False
    key: Any = None

    @property
    def endpoint(self) -> tuple[Hashable, str]:
        """What TikTok counts by the minute: photos have one endpoint, videos one for each mode."""
        return self.creator, "photo" if self.is_photo else "direct" if self.is_direct else "inbox"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What TikTok allows; of a creator who is not named, the usual number. `app_creators` None: unknown, so no creator is refused."""

    creator_posts: int
    app_creators: int | None = None
    inbox_shares: int = INBOX_SHARES
    of_creators: Mapping[tuple[Hashable, Cap], int] = field(default_factory=dict)

    def of(self, creator: Hashable, cap: Cap) -> int:
        """Returns how many of a creator's own `cap` are allowed."""
        usual = self.creator_posts if cap is Cap.CREATOR_POSTS else self.inbox_shares
        return self.of_creators.get((creator, cap), usual)


@dataclass(frozen=True, slots=True)
class Past:
    """What counts already, each in the order of its times."""

    inits: Sequence[PlannedInit] = ()
    """Of the last minute."""
    posts: Sequence[PlannedInit] = ()
    """Direct posts of the last 24 hours, by when TikTok had their media."""
    shares: Sequence[PlannedInit] = ()
    """Drafts of the last 24 hours that still wait."""
    active: Mapping[Hashable, datetime] = field(default_factory=dict)
    """By creator the last init of a direct post in 24 hours; creators of others have names of their own."""


@dataclass(frozen=True, slots=True)
class CapRefusal:
    """TikTok would refuse this init: `found` counts already, of `allowed`."""

    init: PlannedInit
    cap: Cap
    found: int
    allowed: int


class _Counts:
    """What counts at a time, as times go by."""

    def __init__(self, past: Past, allowed: Allowed) -> None:
        self._allowed = allowed
        self._inits: dict[Hashable, deque[datetime]] = defaultdict(deque)
        self._posts: dict[Hashable, deque[datetime]] = defaultdict(deque)
        self._shares: dict[Hashable, deque[datetime]] = defaultdict(deque)
        for init in past.inits:
            self._inits[init.endpoint].append(init.at)
        for init in past.posts:
            self._posts[init.creator].append(init.at)
        for init in past.shares:
            self._shares[init.creator].append(init.at)
        self._active = OrderedDict(sorted(past.active.items(), key=lambda each: each[1]))

    def refusal_of(self, init: PlannedInit) -> CapRefusal | None:
        """Count an init, or return why TikTok refuses it. Call it in the order of their times."""
        inits = _since(self._inits[init.endpoint], init.at - MINUTE)
        if len(inits) >= INITS_A_MINUTE:
            return CapRefusal(init, Cap.INITS, len(inits), INITS_A_MINUTE)
        inits.append(init.at)
        cap = Cap.CREATOR_POSTS if init.is_direct else Cap.INBOX_SHARES
        times = _since((self._posts if init.is_direct else self._shares)[init.creator], init.at - DAY)
        most = self._allowed.of(init.creator, cap)
        if len(times) >= most:
            return CapRefusal(init, cap, len(times), most)
        if init.is_direct and (refusal := self._refusal_of_app(init)) is not None:
            return refusal
        times.append(init.at)
        return None

    def _refusal_of_app(self, init: PlannedInit) -> CapRefusal | None:
        active, most = self._active, self._allowed.app_creators
        while active and next(iter(active.values())) <= init.at - DAY:
            active.popitem(last=False)
        if most is not None and init.creator not in active and len(active) >= most:
            return CapRefusal(init, Cap.APP_CREATORS, len(active), most)
        active[init.creator] = init.at
        active.move_to_end(init.creator)
        return None


def _since(times: deque[datetime], since: datetime) -> deque[datetime]:
    while times and times[0] <= since:
        times.popleft()
    return times


def refusals_of(wanted: Iterable[PlannedInit], past: Past, allowed: Allowed) -> list[CapRefusal]:
    """Returns those of `wanted` that TikTok would refuse, in the order of their times; O(n log n)."""
    counts = _Counts(past, allowed)
    found = map(counts.refusal_of, sorted(wanted, key=lambda init: init.at))
    return [refusal for refusal in found if refusal is not None]


def with_holding(planned: Sequence[PlannedInit], past: Past, allowed: Allowed) -> list[PlannedInit]:
    """Returns planned inits with the times at which they go out: those that would be refused are held until they fit."""
    refused = [refusal.init for refusal in refusals_of(planned, past, allowed)]
    held = {id(init) for init in refused}
    found = [init for init in planned if id(init) not in held]
    for init in refused[:_MOST_HELD]:
        found += [replace(init, at=at) for at in next_free(init, found, past, allowed, count=1)]
    return found


def next_free(
    one: PlannedInit,
    planned: Iterable[PlannedInit],
    past: Past,
    allowed: Allowed,
    *,
    count: int,
    distance: timedelta = MINUTE,
) -> list[datetime]:
    """Returns the first times from `one.at` on at which it fits all caps, and what its creator has planned after it still does.

    Each counts the ones before it, and comes at least `distance` later. Fewer than `count` where no more are near.
    """
    creator, cap = one.creator, Cap.CREATOR_POSTS if one.is_direct else Cap.INBOX_SHARES
    others = list(planned)
    mine = [init for init in others if init.creator == creator]
    inits = sorted(init.at for init in [*past.inits, *mine] if init.endpoint == one.endpoint)
    counted = [init for init in mine if init.is_direct == one.is_direct]
    before = [init for init in (past.posts if one.is_direct else past.shares) if init.creator == creator]
    times = sorted(init.at for init in [*before, *counted])
    app = _AppCreators(others, past, allowed.app_creators if one.is_direct else None)
    found: list[datetime] = []
    at = one.at
    for _ in range(_MOST_STEPS):
        later = max(
            _reopens_at(inits, INITS_A_MINUTE, MINUTE, at),
            _reopens_at(times, allowed.of(creator, cap), DAY, at),
            app.reopens_at(creator, at),
        )
        if later > at:
            at = later
            continue
        found.append(at)
        if len(found) == count:
            break
        insort(inits, at)
        insort(times, at)
        app.add(replace(one, at=at))
        at += distance
    return found


def _reopens_at(times: Sequence[datetime], most: int, window: timedelta, at: datetime) -> datetime:
    """Returns the first time from `at` on that is in no window with `most` of the times; `most` is at least 1."""
    first = bisect_right(times, at - window)
    for place in range(first, len(times) - most + 1):
        oldest, newest = times[place], times[place + most - 1]
        if newest - window >= at:
            break
        if newest - oldest < window and at < oldest + window:
            at = oldest + window
    return at


class _AppCreators:
    """The creators of an app by their times, for the question when one more may begin."""

    def __init__(self, planned: Iterable[PlannedInit], past: Past, most: int | None) -> None:
        self._most = most
        known = [PlannedInit(at, creator) for creator, at in past.active.items()]
        direct = [init for init in planned if init.is_direct]
        self._inits = sorted([*known, *direct], key=lambda init: init.at) if most is not None else []

    def add(self, init: PlannedInit) -> None:
        insort(self._inits, init, key=lambda each: each.at)

    def reopens_at(self, creator: Hashable, at: datetime) -> datetime:
        """Returns when the cap of creators is next looked at with another answer; `at` itself where it lets this one in."""
        if self._most is None:
            return at
        first = bisect_right(self._inits, at - DAY, key=lambda init: init.at)
        last = bisect_right(self._inits, at, key=lambda init: init.at)
        newest = {init.creator: init.at for init in self._inits[first:last]}
        if creator in newest or len(newest) < self._most:
            return at
        return min(newest.values()) + DAY
