"""Calendar feeds: secret URLs that their owner makes, lists and revokes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select

from tiktok_api.accounts.services import get_accounts
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import ApiKey, User
from tiktok_api.db import db
from tiktok_api.db.reads import Given, reading
from tiktok_api.encryption import hash_token
from tiktok_api.errors import NotFound, fault
from tiktok_api.posts.calendar.models import CalendarFeed
from tiktok_api.posts.errors import TooManyFeeds, UnknownTarget
from tiktok_api.web.pagination import Page, in_pages, read_page

PREFIX = "cal_"
"""By it the token is known, and kept out of logs."""
MOST_FEEDS = 20
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A new feed with its token, which is stored nowhere."""

    id: UUID
    name: str
    account_ids: list[str] | None
    created_at: datetime
    token: str

    def without_token(self) -> dict[str, Any]:
        """What may be shown at any time."""
        return {name: getattr(self, name) for name in ("id", "name", "account_ids", "created_at")}


@dataclass(frozen=True, slots=True)
class OpenedFeed:
    """What a token opens: posts within the reach of its owner or their key, on `account_ids` alone unless that is None."""

    name: str
    created_at: datetime
    reader: Identity
    account_ids: list[UUID] | None


def create_feed(caller: Identity, *, name: str, account_ids: Sequence[UUID] | None) -> NewFeed:
    """Add a feed; call it inside a transaction. Raises TooManyFeeds, UnknownTarget, ScopeTooNarrow for a key that may not read."""
    caller.must_be_allowed("posts", to_write=False)
    _must_be_known(caller, account_ids or ())
    # Also so that of two requests at once only one takes the last place.
    db.session.execute(select(User.id).where(User.id == caller.user_id).with_for_update(key_share=True))
    count = select(func.count()).select_from(CalendarFeed).where(CalendarFeed.owner_id == caller.user_id)
    if (db.session.scalar(count) or 0) >= MOST_FEEDS:
        raise TooManyFeeds(most=MOST_FEEDS)
    token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    feed = CalendarFeed(
        owner_id=caller.user_id,
        api_key_id=caller.key_id,
        name=name,
        token_hash=hash_token(token),
        account_ids=None if account_ids is None else sorted({str(account_id) for account_id in account_ids}),
    )
    db.session.add(feed)
    db.session.flush()
    audit.record(caller, "calendar_feed.created", subject_id=feed.id, name=name)
    return NewFeed(feed.id, name, feed.account_ids, feed.created_at, token)


def _must_be_known(caller: Identity, account_ids: Sequence[UUID]) -> None:
    known = get_accounts(caller, account_ids) if account_ids else {}
    unknown = [
        fault("unknown_account", "No such account of yours.", pointer=f"/account_ids/{place}")
        for place, account_id in enumerate(account_ids)
        if account_id not in known
    ]
    if unknown:
        raise UnknownTarget(errors=unknown)


_KEYS = (CalendarFeed.created_at, CalendarFeed.id)


@reading
def _feeds(given: Given) -> Select[Any]:
    columns: list[Any] = [CalendarFeed.id, CalendarFeed.name, CalendarFeed.account_ids, CalendarFeed.created_at]
    query = select(*columns).where(CalendarFeed.owner_id == given["owner_id"])
    if "api_key_id" in given:
        query = query.where(CalendarFeed.api_key_id == given["api_key_id"])
    return in_pages(query, given, _KEYS)


def list_feeds(caller: Identity, args: dict[str, Any]) -> Page:
    """Returns a page of the caller's feeds; to a confined key, of those that it made itself. Raises InvalidCursor."""
    made_by = None if caller.account_ids is None else caller.key_id
    return read_page(_feeds, args, by=_KEYS, owner_id=caller.user_id, api_key_id=made_by)


def revoke_feed(caller: Identity, feed_id: UUID) -> None:
    """Delete a feed, whose URL leads nowhere from the commit on. Raises NotFound."""
    mine: list[ColumnElement[bool]] = [CalendarFeed.id == feed_id, CalendarFeed.owner_id == caller.user_id]
    if caller.account_ids is not None:
        mine.append(CalendarFeed.api_key_id == caller.key_id)
    row = db.session.execute(delete(CalendarFeed).where(*mine).returning(CalendarFeed.name)).one_or_none()
    if row is None:
        raise NotFound
    audit.record(caller, "calendar_feed.revoked", subject_id=feed_id, name=row.name)


@reading
def _feed(given: Given) -> Select[Any]:
    columns: list[Any] = [
        CalendarFeed.name,
        CalendarFeed.created_at,
        CalendarFeed.owner_id,
        CalendarFeed.account_ids,
        User.disabled_at,
        ApiKey.account_ids.label("reached"),
        ApiKey.expires_at,
    ]
    query = select(*columns).join(User, User.id == CalendarFeed.owner_id)
    query = query.outerjoin(ApiKey, ApiKey.id == CalendarFeed.api_key_id)
    return query.where(CalendarFeed.token_hash == given["token_hash"])


def open_feed(token: str) -> OpenedFeed:
    """Returns the feed of a token, by one indexed query.

    Raises NotFound, also where its owner is disabled or its key has expired.
    """
    row = _feed.one(token_hash=hash_token(token))
    if row.disabled_at is not None or (row.expires_at is not None and row.expires_at <= datetime.now(UTC)):
        raise NotFound
    reached = None if row.reached is None else frozenset(map(UUID, row.reached))
    reader = Identity(row.owner_id, None, account_ids=reached)
    return OpenedFeed(
        row.name, row.created_at, reader, None if row.account_ids is None else [*map(UUID, row.account_ids)]
    )
