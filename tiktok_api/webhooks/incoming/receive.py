"""Recording what TikTok sends: whatever is genuine is kept once, also what nobody here understands yet."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.tiktok import InvalidSignature, verify_webhook
from tiktok_api.webhooks.errors import WebhookNotSigned
from tiktok_api.webhooks.models import TikTokEvent

ACT = "webhooks.act"
UNREADABLE = "unreadable"
ANOTHER_APP = "another_app"
KEPT = timedelta(days=30)
_LONGEST_WORD = 255
_NAMES = ("publish_id", "post_id", "reason", "share_id", "request_id")


@dataclass(frozen=True, slots=True)
class Notice:
    """A body, taken apart as far as it goes."""

    event: str
    open_id: str | None
    content: dict[str, Any]
    create_time: Any
    client_key: Any


def receive(body: bytes, signature: str, *, client_key: str, client_secret: str, tolerance: timedelta) -> UUID | None:
    """Keep a genuine event and promise to act on it; None: it was here before.

    A signature out of the tolerance is genuine too: it may be a retry that was not signed anew. Since nothing
    changes before TikTok was asked, it does no harm. What is about another app is kept and not acted on. Raises WebhookNotSigned.
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
    kept = TikTokEvent(
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
        with db.session.begin_nested():
            db.session.add(kept)
    except IntegrityError:  # delivered twice at once
        return None
    if is_ours:
        queue.enqueue(ACT, due_at=clock.now(), subject=kept.id)
    return kept.id


def sweep() -> None:
    """Forget events of long ago; TikTok repeats one for 72 hours."""
    long_ago = TikTokEvent.created_at < clock.now() - KEPT
    db.session.execute(delete(TikTokEvent).where(long_ago).execution_options(synchronize_session=False))


def _read(body: bytes) -> Notice:
    """`content` is JSON inside JSON; what is not as documented is kept as unreadable."""
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
    """As a database takes it: without U+0000, and not nested beyond all sense. The body is kept as it came."""
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

    What names none of the things that TikTok documents is told apart by all its bytes.
    """
    named = [str(notice.content[name]) if name in notice.content else None for name in _NAMES]
    if notice.event == UNREADABLE or not any(named):
        return hashlib.sha256(body).hexdigest()
    parts = [notice.client_key, notice.event, notice.open_id, notice.create_time, named]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
