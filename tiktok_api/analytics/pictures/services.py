"""Avatars and covers, kept by us: TikTok's own links end within hours. What is kept, what is to be fetched, what may go.

A picture is known by its address without the query, because TikTok signs the same picture anew with every answer. One that
could not be fetched stays as it was until TikTok names it again, at the next sync.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import select, update

from tiktok_api import clock
from tiktok_api.accounts.models import Account
from tiktok_api.analytics.models import Video
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media import deduplication

KEEP = "analytics.pictures"
LINK_LIFETIME = timedelta(hours=2)
"""For how long TikTok's links are good at least (avatars 2 h, covers 6 h): an older one is not worth asking for."""
COVERS_AT_ONCE = 5
MOST_COVERS = 1000
"""Of an account's videos, so many of the newest have their covers kept; those of older ones are not fetched any more."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that is to be fetched: the avatar of an account, or the cover of a video."""

    kind: type[Account] | type[Video]
    id: UUID
    url: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a picture is kept, and what it is."""

    key: str
    content_type: str


def identity_of(url: str) -> str:
    """What a picture is known by: its address without TikTok's signature."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def request_pictures(*, account: Account, **_: Any) -> None:
    """Have the account's pictures looked at: one job for each account, however many pictures it has."""
    queue.enqueue(KEEP, subject=account.id, due_at=clock.now())


def find_wanted(account_id: UUID) -> tuple[UUID, list[Wanted], bool] | None:
    """The account's owner, what to fetch next, and whether there is more; None: there is no such account."""
    account = db.session.get(Account, account_id)
    if account is None:
        return None
    wanted: list[Wanted] = []
    is_fresh = account.synced_at is not None and account.synced_at > clock.now() - LINK_LIFETIME
    if account.avatar_url and is_fresh and identity_of(account.avatar_url) != account.avatar_source:
        wanted.append(Wanted(Account, account.id, account.avatar_url))
    public = (Video.account_id == account_id, Video.gone_at.is_(None))
    nth = select(Video.listed_at).where(*public).order_by(Video.listed_at.desc()).offset(MOST_COVERS - 1).limit(1)
    oldest = db.session.scalar(nth)
    is_new_enough = [] if oldest is None else [Video.listed_at >= oldest]
    is_due = (Video.is_cover_due.is_(True), Video.seen_at > clock.now() - LINK_LIFETIME)
    due = select(Video.id, Video.cover_url).where(*public, *is_due, *is_new_enough).order_by(Video.listed_at.desc())
    due = due.limit(COVERS_AT_ONCE + 1)
    covers = [Wanted(Video, row.id, row.cover_url) for row in db.session.execute(due) if row.cover_url]
    return account.owner_id, wanted + covers[:COVERS_AT_ONCE], len(covers) > COVERS_AT_ONCE


def keep(wanted: Wanted, kept: Kept | None) -> bool:
    """Write down what came of it. False: the account or video is gone, and the stored bytes have no owner.

    `kept` None: this is no picture, and is not asked for again until TikTok names another.
    """
    source = identity_of(wanted.url)
    key, content_type = (kept.key, kept.content_type) if kept else (None, None)
    if wanted.kind is Account:
        account = db.session.get(Account, wanted.id, with_for_update=True, populate_existing=True)
        if account is None:
            return False
        old = account.avatar_key
        account.avatar_key, account.avatar_type, account.avatar_source = key, content_type, source
    else:
        video = db.session.get(Video, wanted.id, with_for_update=True, populate_existing=True)
        if video is None:
            return False
        old = video.cover_key
        video.cover_key, video.cover_type, video.cover_source, video.is_cover_due = key, content_type, source, False
    db.session.flush()
    deduplication.release_bytes([old])
    return True


def give_up(wanted: Sequence[Wanted]) -> None:
    """Leave covers until the next sync names them again; an avatar is looked at then anyway."""
    ids = [each.id for each in wanted if each.kind is Video]
    left = update(Video).where(Video.id.in_(ids)).values(is_cover_due=False)
    db.session.execute(left.execution_options(synchronize_session=False))


def let_pictures_go(*, account: Account) -> None:
    """An account is disconnected: its pictures go once its rows are gone."""
    keys = list(
        db.session.scalars(select(Video.cover_key).where(Video.account_id == account.id, Video.cover_key.is_not(None)))
    )
    keys.append(account.avatar_key)
    for first in range(0, len(keys), _AT_ONCE):
        deduplication.release_bytes(keys[first : first + _AT_ONCE])
    queue.cancel(f"{KEEP}:{account.id}")


def held_among(*, keys: list[str]) -> set[str]:
    """Those of `keys` that some picture is kept under, so that sweeping leaves them."""
    avatars = db.session.scalars(select(Account.avatar_key).where(Account.avatar_key.in_(keys)))
    covers = db.session.scalars(select(Video.cover_key).where(Video.cover_key.in_(keys)))
    return {key for key in (*avatars, *covers) if key}
