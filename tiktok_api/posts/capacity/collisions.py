"""Where a schedule runs into TikTok's caps: for a post at a proposed time, for an account, for all that an owner has planned.

A collision refuses nothing: what runs into a cap is held when its time has come, and goes out once the window reopens.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, select

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.accounts.queries import is_reached
from tiktok_api.auth.identity import Identity
from tiktok_api.db.reads import Given, reading
from tiktok_api.posts.capacity.forecast import (
    Allowed,
    CapRefusal,
    Past,
    PlannedInit,
    next_free,
    refusals_of,
    with_holding,
)
from tiktok_api.posts.capacity.standing import (
    CapStanding,
    active_accounts,
    planned_creators,
    standing_around,
)
from tiktok_api.posts.limits import DAY, Cap
from tiktok_api.posts.vocabulary import PostMode, PostType
from tiktok_api.settings import Settings

MOST_SHOWN = 100
_FREE_TIMES = 3
_MESSAGES = {
    Cap.CREATOR_POSTS: "TikTok lets a creator post {allowed} times in any 24 hours, and {found} are counted by then.",
    Cap.APP_CREATORS: "TikTok lets {allowed} creators post through this app in any 24 hours, and {found} do by then.",
    Cap.INBOX_SHARES: "TikTok lets {allowed} drafts of 24 hours wait in an inbox, and {found} are counted by then.",
    Cap.INITS: "TikTok lets an account begin {allowed} posts in a minute, and {found} are begun by then.",
}
_SHOWN = (Cap.CREATOR_POSTS, Cap.INBOX_SHARES, Cap.APP_CREATORS)
_FURTHEST = timedelta(days=92)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """A post that would be held. `source` says where `allowed` comes from: setting, tiktok (its documentation), learnt."""

    code: str
    message: str
    account_id: UUID
    at: datetime
    found: int
    allowed: int
    source: str
    pointer: str | None = None
    next_free_at: Sequence[datetime] = ()
    post_id: UUID | None = None
    publication_id: UUID | None = None


def collisions_of(
    targets: dict[int, UUID],
    *,
    at: datetime,
    mode: PostMode,
    type: PostType,
    settings: Settings,
    post_id: UUID | None = None,
) -> list[Collision]:
    """Returns for which targets, by their place in the post, a post at this time would be held; with times that are free.

    `post_id` is the post itself, whose own publications do not count. One query; one more where a cap of the app is known.
    """
    if not targets:
        return []
    now, account_ids = clock.now(), set(targets.values())
    at = max(at, now)
    standing = standing_around(account_ids, first=at - DAY, last=at + 2 * DAY, but=post_id)
    past, allowed, planned = _counted_at(at, standing, account_ids, settings, now)
    is_direct, is_photo = mode == PostMode.DIRECT, str(type) != PostType.VIDEO
    proposed = [PlannedInit(at, each, is_direct, is_photo, key=place) for place, each in targets.items()]
    before = [init for init in planned if init.at <= at]
    found, settled = [], None
    for refusal in refusals_of([*before, *proposed], past, allowed):
        if isinstance(refusal.init.key, int):
            settled = with_holding(planned, past, allowed) if settled is None else settled
            free = next_free(refusal.init, settled, past, allowed, count=_FREE_TIMES)
            pointer = f"/targets/{refusal.init.key}/account_id"
            found.append(_collision(refusal, standing, settings, pointer=pointer, next_free_at=free))
    return found


def collisions_told(post: Any, settings: Settings) -> list[Collision] | None:
    """Returns the collisions of a post's time as they are told once, in the answer that gives it the time; None: it waits for none."""
    if post.publish_at is None or post.status != "scheduled":
        return None
    targets = {place: target.account_id for place, target in enumerate(post.targets) if target.account_id}
    facts: dict[str, Any] = {"at": post.publish_at, "mode": post.mode, "type": post.type, "post_id": post.id}
    return collisions_of(targets, settings=settings, **facts)


def with_collisions(post: Any, settings: Settings) -> Any:
    """Returns a post as it is shown, with the collisions of its time."""
    parts = post._asdict() if hasattr(post, "_asdict") else vars(post)
    return SimpleNamespace(**parts, collisions=collisions_told(post, settings))


def caps_of(account: Account, settings: Settings, standing: CapStanding) -> list[dict[str, Any]]:
    """Returns how much of each cap is allowed and used now, where that comes from, and when the next place is free."""
    now = clock.now()
    past = standing.past(now)
    used = {
        Cap.CREATOR_POSTS: [init.at for init in past.posts],
        Cap.INBOX_SHARES: [init.at for init in past.shares],
        Cap.APP_CREATORS: sorted(standing.active.values()),
    }
    found = []
    for cap in _SHOWN:
        known = standing.cap(account.id, cap, settings)
        times = used[cap]
        is_full = known.allowed is not None and len(times) >= known.allowed
        if cap is Cap.APP_CREATORS and account.open_id in standing.active:
            is_full = False  # this creator has a place among them
        reopens_at = times[len(times) - cast(int, known.allowed)] + DAY if is_full else None
        found.append(
            {
                "code": cap.value,
                "allowed": known.allowed,
                "source": known.source,
                "used": len(times),
                "learnt_at": known.since,
                "reopens_at": reopens_at,
            }
        )
    return found


def free_times(
    account: Account, *, after: datetime | None, mode: PostMode, type: PostType, count: int, settings: Settings
) -> list[datetime]:
    """Returns the next times at which a post of the account would fit all caps, each as if the ones before were taken."""
    now = clock.now()
    at = max(after or now, now)
    standing = standing_around([account.id], first=at - DAY, last=at + _FURTHEST)
    past, allowed, planned = _counted_at(at, standing, [account.id], settings, now)
    one = PlannedInit(at, account.id, mode == PostMode.DIRECT, type != PostType.VIDEO)
    return next_free(one, with_holding(planned, past, allowed), past, allowed, count=count)


@reading
def _account_ids(given: Given) -> Select[Any]:
    return select(Account.id).where(*is_reached(given))


def forecast_of(caller: Identity, settings: Settings, *, account_ids: Sequence[UUID] | None = None) -> dict[str, Any]:
    """Returns which of all planned posts would be refused if nothing were held, so that they will be; the first 100.

    The app's cap is held against what all users have begun by now, and against this user's own plans.
    """
    reached = {row.id for row in _account_ids.all(**caller.reach)}
    chosen = reached if account_ids is None else reached & set(account_ids)
    standing = standing_around(chosen)
    past, allowed, planned = _counted(standing, chosen, settings, clock.now())
    refusals = refusals_of(planned, past, allowed)
    return {
        "planned": len(planned),
        "colliding": len(refusals),
        "collisions": [_collision(refusal, standing, settings) for refusal in refusals[:MOST_SHOWN]],
    }


def _counted(
    standing: CapStanding, account_ids: Collection[UUID], settings: Settings, now: datetime
) -> tuple[Past, Allowed, list[PlannedInit]]:
    """Returns what counts and is allowed, and what is planned; where a cap of the app is known, also who is active in it."""
    past, allowed = standing.past(now), standing.allowed(account_ids, settings)
    if allowed.app_creators is not None:
        past = replace(past, active=active_accounts())
    return past, allowed, standing.planned(now)


def _counted_at(
    at: datetime, standing: CapStanding, account_ids: Collection[UUID], settings: Settings, now: datetime
) -> tuple[Past, Allowed, list[PlannedInit]]:
    """Returns the same, with the creators of the whole app that will have posted by then, where a cap of those is known."""
    past, allowed, planned = _counted(standing, account_ids, settings, now)
    if allowed.app_creators is not None:
        own = {init.creator for init in planned}
        others = planned_creators(at - DAY, at)
        planned += [PlannedInit(first, who) for who, first in others.items() if who not in own]
    return past, allowed, planned


def _collision(refusal: CapRefusal, standing: CapStanding, settings: Settings, **facts: Any) -> Collision:
    init, cap = refusal.init, refusal.cap
    account_id = cast(UUID, init.creator)
    source = "tiktok" if cap is Cap.INITS else standing.cap(account_id, cap, settings).source
    post_id, publication_id = init.key if isinstance(init.key, tuple) else (None, None)
    return Collision(
        code=cap.value,
        message=_MESSAGES[cap].format(found=refusal.found, allowed=refusal.allowed),
        account_id=account_id,
        at=init.at,
        found=refusal.found,
        allowed=refusal.allowed,
        source=source,
        post_id=post_id,
        publication_id=publication_id,
        **facts,
    )
