"""Storing the events that TikTok sends: every genuine one once, including those of unknown kinds."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from tiktok_api import clock
from tiktok_api.db import db, savepoint
from tiktok_api.jobs import queue
from tiktok_api.tiktok import InvalidSignature, verify_webhook
from tiktok_api.webhooks.errors import WebhookNotSigned
from tiktok_api.webhooks.models import TikTokEvent

HANDLE_EVENT = "webhooks.act"
UNREADABLE = "unreadable"
ANOTHER_APP = "another_app"
KEPT = timedelta(days=30)
_LONGEST_WORD = 255
_NAMES = ("publish_id", "post_id", "reason", "share_id", "request_id")


@dataclass(frozen=True, slots=True)
class Notice:
    """The parts of a body, as far as it could be read."""

    event: str
    open_id: str | None
    content: dict[str, Any]
    create_time: Any
    client_key: Any


def receive(body: bytes, signature: str, *, client_key: str, client_secret: str, tolerance: timedelta) -> UUID | None:
    """Store a genuine event and enqueue its handling. Returns its id, or None if it was stored before.

    A signature outside of the tolerance is genuine too: it may be a retry that was not signed anew. It does no harm, since
    TikTok is asked before anything changes. Events of other apps are stored and not handled. Raises WebhookNotSigned.
    """
    try:
        signed = verify_webhook(signature, body, client_secret=client_secret, now=clock.now(), tolerance=tolerance)
    except InvalidSignature:
        raise WebhookNotSigned from None
    notice = _read(body)
    fingerprint = _fingerprint(notice, body)
    if db.session.scalar(select(TikTokEvent.id).where(TikTokEvent.fingerprint == fingerprint)) is not None:
        return None
    is_ours = notice.client_key in (None, client_key)
    stored = TikTokEvent(
        fingerprint=fingerprint,
        event=notice.event,
        open_id=notice.open_id,
        content=notice.content,
        body=body.decode("utf-8", "backslashreplace").replace("\0", "\\0"),
        is_stale=signed.is_stale,
        handled_at=None if is_ours else clock.now(),
        outcome=None if is_ours else ANOTHER_APP,
    )
    try:
        with savepoint():
            db.session.add(stored)
    except IntegrityError:  # delivered twice at once
        return None
    if is_ours:
        queue.enqueue(HANDLE_EVENT, due_at=clock.now(), owner_id=None, subject=stored.id)
    return stored.id


def delete_old() -> None:
    """Delete events older than 30 days; TikTok repeats one for 72 hours."""
    long_ago = TikTokEvent.created_at < clock.now() - KEPT
    db.session.execute(delete(TikTokEvent).where(long_ago).execution_options(synchronize_session=False))


def _read(body: bytes) -> Notice:
    """Read a body, whose `content` is JSON inside JSON; one that is not as documented is stored as unreadable."""
    try:
        outer = orjson.loads(body)
        inner = outer.get("content", {})
        content = orjson.loads(inner) if isinstance(inner, str) and inner else inner
        event = outer["event"]
    except (orjson.JSONDecodeError, AttributeError, KeyError):
        return Notice(UNREADABLE, None, {}, None, None)
    open_id = outer.get("user_openid")
    return Notice(
        _word(event) or UNREADABLE,
        _word(open_id),
        _storable(content) if isinstance(content, dict) else {},
        outer.get("create_time"),
        outer.get("client_key"),
    )


def _storable(content: dict[str, Any]) -> dict[str, Any]:
    """The content for the database: without U+0000; empty if it is nested too deeply. The body is stored unchanged."""
    try:
        stored: dict[str, Any] = orjson.loads(orjson.dumps(content).replace(rb"\u0000", rb"\ufffd"))
    except orjson.JSONEncodeError:
        return {}
    return stored


def _word(value: Any) -> str | None:
    is_word = isinstance(value, str) and 0 < len(value) <= _LONGEST_WORD and value.isprintable()
    return value if is_word else None


def _fingerprint(notice: Notice, body: bytes) -> str:
    """Event, user, publish_id, post_id and time: one publish_id can complete more than once, with other posts.

    An event with none of the documented names, or with something else in their place, is identified by all its bytes.
    """
    named = [str(notice.content[name]) if name in notice.content else None for name in _NAMES]
    if notice.event == UNREADABLE or not any(named):
        return hashlib.sha256(body).hexdigest()
    parts = [notice.client_key, notice.event, notice.open_id, notice.create_time, named]
    try:
        return hashlib.sha256(orjson.dumps(parts)).hexdigest()
    except orjson.JSONEncodeError:  # nested too deeply
        return hashlib.sha256(body).hexdigest()
