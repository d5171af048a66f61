"""Where accounts stand: the inits that count at TikTok, what waits to go out, and what its refusals have taught."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tiktok_api import clock
from tiktok_api.posts.capacity import standing_queries
from tiktok_api.posts.capacity.forecast import MINUTE, Allowed, Past, PlannedInit
from tiktok_api.posts.limits import BINDING, DAY, INBOX_SHARES, KEPT, Cap, LimitKind
from tiktok_api.posts.models import UPLOAD_URL_LIFETIME, WORKER_DIED
from tiktok_api.posts.publishing.verdicts import FAILED_EARLY
from tiktok_api.posts.states import ALIVE, LIVE, RECEIVED, AttemptState, PublicationState
from tiktok_api.posts.vocabulary import PostMode, PostType
from tiktok_api.settings import Settings

LOOKED_BACK = DAY + UPLOAD_URL_LIFETIME + timedelta(minutes=10)
"""An init of that age may still have brought its last byte within 24 hours."""


def active_creators() -> dict[str, datetime]:
    """Returns by `open_id` when a direct post was last begun, of all creators of this app in 24 hours."""
    return _newest((row.open_id, row.at) for row in standing_queries.active.all(since=clock.now() - DAY))


def active_accounts() -> dict[Hashable, datetime]:
    """Returns the same by account; of a creator with several, the one that posted last."""
    rows = sorted(standing_queries.active.all(since=clock.now() - DAY), key=lambda row: row.at)
    last = {row.open_id: row for row in rows}
    return {row.id: row.at for row in last.values()}


def planned_creators(first: datetime, last: datetime) -> dict[UUID, datetime]:
    """Returns by account when a direct post is to go out first between two times, of all accounts of the app."""
    return {row.id: row.at for row in standing_queries.planned_creators.all(first=first, last=last)}


@dataclass(frozen=True, slots=True)
class Learnt:
    """A cap, and where it comes from: a setting, TikTok's documentation, or a refusal at `since`."""

    allowed: int | None
    source: str
    since: datetime | None = None

    @property
    def is_binding(self) -> bool:
        """True while TikTok's own refusal is so young that asking again would only be refused."""
        return self.since is not None and clock.now() - self.since < BINDING


def usual_cap(cap: Cap, settings: Settings) -> Learnt:
    """Returns how much of a cap is allowed where no refusal has taught otherwise."""
    usual = {
        Cap.CREATOR_POSTS: settings.creator_posts_per_day,
        Cap.APP_CREATORS: settings.app_creators_per_day,
        Cap.INBOX_SHARES: INBOX_SHARES,
    }
    return Learnt(usual[cap], "tiktok" if cap is Cap.INBOX_SHARES else "setting")


@dataclass(frozen=True, slots=True)
class CapStanding:
    """What counts for accounts: their attempts, what waits, and what was learnt."""

    attempts: Sequence[Any]
    waiting: Sequence[Any]
    limits: dict[tuple[UUID | None, LimitKind], Any] = field(default_factory=dict)
    active: dict[str, datetime] = field(default_factory=dict)
    """By `open_id` when a direct post was last begun, of all creators of this app in 24 hours, where that was asked for."""

    @classmethod
    def of(cls, rows: Iterable[Any]) -> "CapStanding":
        """Returns the rows of a query, parted."""
        parts: dict[str, list[Any]] = {"attempt": [], "planned": [], "limit": [], "active": []}
        for row in rows:
            parts[row.what].append(row)
        limits = {(row.account_id, LimitKind(row.state)): row for row in parts["limit"]}
        return cls(parts["attempt"], parts["planned"], limits, _newest((row.state, row.at) for row in parts["active"]))

    def cap(self, account_id: UUID, cap: Cap, settings: Settings) -> Learnt:
        """Returns how much of a cap is allowed. What was learnt a week ago is forgotten."""
        whose = None if cap is Cap.APP_CREATORS else account_id
        row = self.limits.get((whose, LimitKind(cap.value)))
        if row is not None and clock.now() - row.at < KEPT:
            return Learnt(row.allowed, "learnt", row.at)
        return usual_cap(cap, settings)

    def circuit(self, account_id: UUID) -> Any | None:
        """Returns the open circuit of an account."""
        return self.limits.get((account_id, LimitKind.CIRCUIT))

    def past(self, now: datetime) -> Past:
        """Returns what counts at TikTok now; the creators of the app are of another query."""
        since = now - DAY
        return Past(
            inits=_inits(self.attempts, lambda row: row.at if row.at > now - MINUTE else None),
            posts=_inits(self.attempts, lambda row: received_at(row, since)),
            shares=_inits(self.attempts, lambda row: shared_at(row, since)),
        )

    def allowed(self, account_ids: Collection[UUID], settings: Settings) -> Allowed:
        """Returns what TikTok allows each of the accounts, and the app."""
        own = (Cap.CREATOR_POSTS, Cap.INBOX_SHARES)
        known = {(each, cap): self.cap(each, cap, settings).allowed for each in account_ids for cap in own}
        app = self.cap(next(iter(account_ids)), Cap.APP_CREATORS, settings).allowed if account_ids else None
        return Allowed(
            creator_posts=settings.creator_posts_per_day,
            app_creators=app,
            of_creators={key: value for key, value in known.items() if value is not None},
        )

    def planned(self, now: datetime) -> list[PlannedInit]:
        """Returns the inits that are to come. What its person is asked about does not go out by itself."""
        found = []
        for row in self.waiting:
            is_held = row.state == PublicationState.HELD
            if row.state == PublicationState.UPLOADING or (is_held and row.opened_at is None):
                continue
            at = max(now, row.opened_at if is_held else row.at)
            found.append(_init(row, at))
        return found


def standing_for_init(account_id: UUID) -> CapStanding:
    """Returns what decides whether an account may have its next init: one query."""
    return CapStanding.of(standing_queries.for_init.all(account_id=account_id, since=clock.now() - LOOKED_BACK))


def standing_around(
    account_ids: Collection[UUID],
    *,
    first: datetime | None = None,
    last: datetime | None = None,
    but: UUID | None = None,
    with_app: bool = False,
) -> CapStanding:
    """Returns where accounts stand, with what they have to go out between two times: one query."""
    since = clock.now() - LOOKED_BACK
    return CapStanding.of(
        standing_queries.around.all(
            active_since=clock.now() - DAY if with_app else None,
            account_ids=list(account_ids),
            since=since,
            first=first,
            last=last,
            but=but,
        )
    )


def _newest(times: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for name, at in times:
        found[name] = max(at, found.get(name, at))
    return found


def received_at(row: Any, since: datetime) -> datetime | None:
    """Returns when TikTok got a direct post, if it counts for its creator's cap since that time."""
    is_direct = row.mode == PostMode.DIRECT
    if not is_direct or row.state not in RECEIVED or row.final_at is None:
        return None
    at: datetime = row.final_at
    return at if at > since else None


def shared_at(row: Any, since: datetime) -> datetime | None:
    """Returns when a draft was begun, if it counts as waiting in the inbox since that time.

    TikTok also counts one that we gave up before it had all of it, but none that it failed or that its person has posted.
    """
    if row.mode != PostMode.INBOX or not has_begun(row):
        return None
    is_failed = row.state == AttemptState.DEAD and (row.final_at is not None or row.reason in FAILED_EARLY)
    is_posted = row.state == AttemptState.SUCCEEDED and row.publication_state in LIVE
    at: datetime = row.opened_at or row.at
    return at if at > since and not is_failed and not is_posted else None


def has_begun(row: Any) -> bool:
    """Returns True if TikTok took an init, or may have while our worker died."""
    return row.opened_at is not None or row.reason == WORKER_DIED


def is_in_flight(row: Any) -> bool:
    """Returns True if an attempt may still become a post or a draft that counts, and does not count yet."""
    if row.mode == PostMode.DIRECT:
        return row.state in (AttemptState.INTENT, AttemptState.OPEN)
    return bool(row.state in ALIVE and row.opened_at is None)


def _inits(rows: Iterable[Any], time_of: Callable[[Any], datetime | None]) -> list[PlannedInit]:
    found = [_init(row, at) for row in rows if (at := time_of(row)) is not None]
    return sorted(found, key=lambda init: init.at)


def _init(row: Any, at: datetime) -> PlannedInit:
    is_photo = str(row.type) != PostType.VIDEO
    return PlannedInit(at, row.account_id, row.mode == PostMode.DIRECT, is_photo, key=(row.post_id, row.publication_id))
