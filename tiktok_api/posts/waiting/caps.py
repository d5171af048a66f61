"""TikTok's caps, before TikTok is asked: what would be refused is held until the window reopens, and goes out in order then.

A cap that TikTok refused for within a day is believed, and so is what the operator or TikTok's documentation says of the app and
the inbox. CREATOR_POSTS_PER_DAY is only an estimate, and so is what was learnt longer ago: beyond these TikTok is asked, which
takes no init, one post at a time. So no creator who may post more is held, and no init is spent on one who may not.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select

from tiktok_api import clock
from tiktok_api.accounts.services import load_account
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.posts.capacity import standing
from tiktok_api.posts.capacity.standing import CapStanding, Learnt
from tiktok_api.posts.capacity.standing_queries import HELD_FOR
from tiktok_api.posts.limits import (
    BINDING,
    CIRCUIT_OPEN,
    DAY,
    KEPT,
    REFUSALS,
    Cap,
    LimitKind,
    delete_limit,
    store_limit,
)
from tiktok_api.posts.models import Post, Publication, job_key
from tiktok_api.posts.publishing.verdicts import Hold, Later
from tiktok_api.posts.waiting.places import look_again
from tiktok_api.settings import Settings

_SPARE = timedelta(minutes=1)
"""TikTok counts from when it had the last byte, which is a little later than when it left here."""
_LOOK_AGAIN = timedelta(minutes=1)
_PATIENCE = timedelta(hours=1)
"""One that should have looked again so long ago, and whose job fails, no longer delays those behind it."""
_APP_LOCK = 0x7469_6B74_6F6B_6361
_DETAILS = {
    Cap.CREATOR_POSTS: "TikTok lets this creator post {} times in 24 hours.",
    Cap.APP_CREATORS: "TikTok lets {} creators post through this app in 24 hours.",
    Cap.INBOX_SHARES: "TikTok lets {} drafts of 24 hours wait in an inbox.",
}
_KINDS = {code: LimitKind(cap.value) for cap, code in REFUSALS.items()}


def obstacle_to(post: Post, publication: Publication, settings: Settings, *, is_checked: bool) -> Hold | Later | None:
    """Returns which cap keeps a publication from going out now, or the open circuit of its account; None: nothing of that.

    `is_checked`: it is about to go out, with the inits of its account locked.
    """
    account_id = cast(UUID, publication.account_id)
    found = standing.standing_for_init(account_id)
    if (circuit := found.circuit(account_id)) is not None:
        detail = f"TikTok answered {circuit.reason}. It is asked again then; a person may reset the circuit before."
        return Hold(CIRCUIT_OPEN, detail, max(circuit.opened_at, clock.now() + _LOOK_AGAIN))
    others = [row for row in found.attempts if row.publication_id != publication.id]
    if not post.is_direct:
        return _obstacle_of_inbox(post, publication, found, others, settings)
    return _obstacle_of_creator(post, publication, found, others, settings) or _obstacle_of_app(
        account_id, found, settings, is_checked=is_checked
    )


def _obstacle_of_creator(
    post: Post, publication: Publication, found: CapStanding, others: Sequence[Any], settings: Settings
) -> Hold | Later | None:
    now, account_id = clock.now(), cast(UUID, publication.account_id)
    cap = found.cap(account_id, Cap.CREATOR_POSTS, settings)
    before = _held_before(Cap.CREATOR_POSTS, post, publication, found)
    if any(row.opened_at is not None and row.opened_at <= now for row in before):
        return Later(now + _LOOK_AGAIN, Cap.CREATOR_POSTS)  # it looks again at this moment too, and goes first
    received = [at for row in others if (at := standing.received_at(row, now - DAY - _SPARE)) is not None]
    if cap.source == "learnt":
        cap = _raised(account_id, cap, found.attempts, settings)
    if cap.is_binding:
        return _turn(Cap.CREATOR_POSTS, post, publication, found, received, _count_in_flight(others), cap)
    in_flight = _count_in_flight(others)
    if len(received) + in_flight + len(before) < cast(int, cap.allowed):
        return None
    if before:
        at = max([now, *(row.opened_at for row in before if row.opened_at is not None)]) + _LOOK_AGAIN
        return Hold(Cap.CREATOR_POSTS, "Earlier posts of this creator wait for TikTok to take more.", at)
    if in_flight or (received and max(received) > now - _LOOK_AGAIN):
        return Later(now + _LOOK_AGAIN, Cap.CREATOR_POSTS)  # what TikTok says counts once the others have arrived
    return None


def _held_before(which: Cap, post: Post, publication: Publication, found: CapStanding) -> list[Any]:
    """Returns those that are held for a cap and were wanted before this one, and whose turn will come."""
    now = clock.now()
    mine = (publication.wanted_time(post) or now, str(publication.id))
    before = [
        row
        for row in found.waiting
        if row.reason in HELD_FOR[which] and row.at is not None and (row.at, str(row.publication_id)) < mine
    ]
    overdue = {row.publication_id for row in before if now - (row.opened_at or now) > _PATIENCE}
    stuck = overdue.difference(_with_sound_jobs(overdue)) if overdue else overdue
    return [row for row in before if row.publication_id not in stuck]


def _with_sound_jobs(publication_ids: Collection[UUID]) -> set[UUID]:
    """Returns those whose jobs have not failed: after downtime they are only late, and keep their places."""
    keys = {job_key(each): each for each in publication_ids}
    return {keys[key] for key in queue.find_sound(keys)}


def _obstacle_of_inbox(
    post: Post, publication: Publication, found: CapStanding, others: Sequence[Any], settings: Settings
) -> Hold | Later | None:
    cap = found.cap(cast(UUID, publication.account_id), Cap.INBOX_SHARES, settings)
    if cap.source == "learnt" and not cap.is_binding:
        cap = standing.usual_cap(Cap.INBOX_SHARES, settings)
    since = clock.now() - DAY - _SPARE
    shares = [at for row in others if (at := standing.shared_at(row, since)) is not None]
    return _turn(Cap.INBOX_SHARES, post, publication, found, shares, _count_in_flight(others, is_direct=False), cap)


def _count_in_flight(others: Sequence[Any], *, is_direct: bool = True) -> int:
    return sum(standing.is_in_flight(row) and (row.mode == "direct") is is_direct for row in others)


def _turn(
    which: Cap,
    post: Post,
    publication: Publication,
    found: CapStanding,
    counted: Sequence[datetime],
    in_flight: int,
    cap: Learnt,
) -> Hold | Later | None:
    """Returns when it is the turn of a publication behind those that are held already; None: now."""
    now, allowed = clock.now(), max(1, cast(int, cap.allowed))
    ahead = len(_held_before(which, post, publication, found))
    if len(counted) + in_flight + ahead < allowed:
        return None
    if len(counted) + ahead < allowed:  # pragma: no cover - only while another worker is sending
        return Later(now + _LOOK_AGAIN, which)  # what is under way may end without counting
    times = sorted([*counted, *([now] * in_flight)])
    for _ in range(ahead + 1):
        times.append(max(now, times[-allowed] + DAY + _SPARE) if len(times) >= allowed else now)
    at = max(times[-1], now + _LOOK_AGAIN)
    return Hold(which, _DETAILS[which].format(allowed), at)


def _obstacle_of_app(account_id: UUID, found: CapStanding, settings: Settings, *, is_checked: bool) -> Hold | None:
    """A creator who posted through this app within 24 hours needs no other place among its creators."""
    cap = found.cap(account_id, Cap.APP_CREATORS, settings)
    if cap.source == "learnt" and not cap.is_binding:
        cap = standing.usual_cap(Cap.APP_CREATORS, settings)
    since = clock.now() - DAY
    is_active = any(row.mode == "direct" and standing.has_begun(row) and row.at > since for row in found.attempts)
    if cap.allowed is None or is_active:
        return None
    if is_checked:
        _lock_app()
    account = load_account(account_id)
    active = standing.active_creators()
    active.pop(account.open_id if account else "", None)
    if len(active) < cap.allowed:
        return None
    reopens_at = sorted(active.values())[len(active) - max(1, cap.allowed)] + DAY + _SPARE
    detail = _DETAILS[Cap.APP_CREATORS].format(cap.allowed)
    return Hold(Cap.APP_CREATORS, detail, max(reopens_at, clock.now() + _LOOK_AGAIN))


def _lock_app() -> None:
    """Let one worker at a time count the creators of the app, until its transaction ends; SQLite has one writer anyway."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_APP_LOCK)))


def _raised(account_id: UUID, cap: Learnt, attempts: Sequence[Any], settings: Settings) -> Learnt:
    """Returns a learnt cap, or, where TikTok has taken more than that since, the usual one; the other is forgotten."""
    since = clock.now() - DAY
    taken = sum(row.state == "succeeded" and standing.received_at(row, since) is not None for row in attempts)
    if taken <= cast(int, cap.allowed):
        return cap
    delete_limit(account_id, LimitKind.CREATOR_POSTS)
    return standing.usual_cap(Cap.CREATOR_POSTS, settings)


def learn(publication: Publication, change: Any = None) -> None:
    """Learn from a refusal for which a publication is held now: so many of ours as count are allowed, while others post too.

    Where none of ours counts, what was posted by others reached the cap, and nothing is known of it.
    """
    kind = _KINDS.get(publication.reason or "")
    if kind is None or publication.account_id is None:
        return
    found, now = standing.standing_for_init(publication.account_id), clock.now()
    others = [row for row in found.attempts if row.publication_id != publication.id]
    if kind is LimitKind.APP_CREATORS:
        count = len(standing.active_creators())
    else:
        counts = standing.received_at if kind is LimitKind.CREATOR_POSTS else standing.shared_at
        count = sum(counts(row, now - DAY) is not None for row in others)
    if count:
        whose = None if kind is LimitKind.APP_CREATORS else publication.account_id
        store_limit(whose, kind, reason=str(publication.reason), until=now + KEPT, allowed=count)
        # By then it is no longer believed, and those that wait for their times under it may go out before them.
        look_again(publication, publication.account_id, now + BINDING, key=f"{kind}:{publication.account_id}")
