"""Our copies of avatars and covers: which are missing, storing one, and deleting those of an account.

A picture is identified by its URL without the query, because TikTok signs the same picture anew in every response. One that
could not be fetched is tried again when the next sync names it.
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
from tiktok_api.accounts.services import owner_for_jobs
from tiktok_api.analytics.models import Video
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.media import deduplication

FETCH_PICTURES = "analytics.pictures"
LINK_LIFETIME = timedelta(hours=2)
"""TikTok's links are valid for at least so long (avatars 2 h, covers 6 h): an older one is not fetched."""
COVERS_AT_ONCE = 5
MOST_COVERS = 1000
"""Covers are stored for so many of an account's newest videos; those of older ones are not fetched."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class MissingPicture:
    """A picture to fetch: the avatar of an account, or the cover of a video."""

    kind: type[Account] | type[Video]
    id: UUID
    url: str


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """The storage key and the content type of a picture."""

    key: str
    content_type: str


def identity_of(url: str) -> str:
    """The identity of a picture: its URL without TikTok's signature."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def request_pictures(*, account: Account, **_: Any) -> None:
    """Enqueue the job that fetches the account's pictures: one for each account, however many pictures it has."""
    queue.enqueue(FETCH_PICTURES, owner_id=account.owner_id, subject=account.id, due_at=clock.now())


def find_missing(account_id: UUID) -> tuple[list[MissingPicture], bool] | None:
    """What to fetch next for the account, and whether there is more. Returns None if the account is gone."""
    account = db.session.get(Account, account_id)
    if account is None:
        return None
    missing: list[MissingPicture] = []
    is_fresh = account.synced_at is not None and account.synced_at > clock.now() - LINK_LIFETIME
    if account.avatar_url and is_fresh and identity_of(account.avatar_url) != account.avatar_source:
        missing.append(MissingPicture(Account, account.id, account.avatar_url))
    public = (Video.account_id == account_id, Video.gone_at.is_(None))
    nth = select(Video.listed_at).where(*public).order_by(Video.listed_at.desc()).offset(MOST_COVERS - 1).limit(1)
    oldest = db.session.scalar(nth)
    is_new_enough = [] if oldest is None else [Video.listed_at >= oldest]
    is_due = (Video.is_cover_due.is_(True), Video.seen_at > clock.now() - LINK_LIFETIME)
    due = select(Video.id, Video.cover_url).where(*public, *is_due, *is_new_enough).order_by(Video.listed_at.desc())
    due = due.limit(COVERS_AT_ONCE + 1)
    covers = [MissingPicture(Video, row.id, row.cover_url) for row in db.session.execute(due) if row.cover_url]
    return missing + covers[:COVERS_AT_ONCE], len(covers) > COVERS_AT_ONCE


def store(missing: MissingPicture, stored: StoredPicture | None) -> bool:
    """Store the result of a fetch. Returns False if the account or video is gone, so that the bytes have no owner.

    `stored` None: the URL leads to no picture; it is not fetched again until TikTok names another.
    """
    source = identity_of(missing.url)
    key, content_type = (stored.key, stored.content_type) if stored else (None, None)
    if missing.kind is Account:
        account = db.session.get(Account, missing.id, with_for_update=True, populate_existing=True)
        if account is None:
            return False
        old, account_id = account.avatar_key, account.id
        account.avatar_key, account.avatar_type, account.avatar_source = key, content_type, source
    else:
        video = db.session.get(Video, missing.id, with_for_update=True, populate_existing=True)
        if video is None:
            return False
        old, account_id = video.cover_key, video.account_id
        video.cover_key, video.cover_type, video.cover_source, video.is_cover_due = key, content_type, source, False
    db.session.flush()
    deduplication.release_bytes(owner_for_jobs(account_id), [old])
    return True


def give_up(missing: Sequence[MissingPicture]) -> None:
    """Do not fetch these covers until the next sync names them again; avatars are compared then anyway."""
    ids = [each.id for each in missing if each.kind is Video]
    left = update(Video).where(Video.id.in_(ids)).values(is_cover_due=False)
    db.session.execute(left.execution_options(synchronize_session=False))


def release_pictures(*, account: Account) -> None:
    """Release the pictures of an account that is disconnected; the bytes are deleted once its rows are gone."""
    keys = list(
        db.session.scalars(select(Video.cover_key).where(Video.account_id == account.id, Video.cover_key.is_not(None)))
    )
    keys.append(account.avatar_key)
    for first in range(0, len(keys), _AT_ONCE):
        deduplication.release_bytes(account.owner_id, keys[first : first + _AT_ONCE])
    queue.cancel(f"{FETCH_PICTURES}:{account.id}")


def used_keys(*, keys: list[str]) -> set[str]:
    """Those of `keys` that a picture uses, so that the cleanup leaves them."""
    avatars = db.session.scalars(select(Account.avatar_key).where(Account.avatar_key.in_(keys)))
    covers = db.session.scalars(select(Video.cover_key).where(Video.cover_key.in_(keys)))
    return {key for key in (*avatars, *covers) if key}
