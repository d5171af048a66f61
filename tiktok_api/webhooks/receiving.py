"""Recording what TikTok sends: whatever is genuine is kept once, also what nobody here understands yet."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tiktok_api import clock
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.tiktok import InvalidSignature, verify_webhook
from tiktok_api.webhooks.errors import WebhookNotSigned
from tiktok_api.webhooks.models import TikTokEvent

ACT = "webhooks.act"
UNREADABLE = "unreadable"
_LONGEST_WORD = 255


@dataclass(frozen=True, slots=True)
class Notice:
    """A body, taken apart as far as it goes."""

    event: str
    open_id: str | None
    content: dict[str, Any]
    create_time: Any


def receive(body: bytes, signature: str, *, client_secret: str, tolerance: timedelta) -> UUID | None:
    """Keep a genuine event and promise to act on it; None: it was here before.

    A signature out of the tolerance is genuine too: it may be a retry that was not signed anew. Since nothing
    changes before TikTok was asked, it does no harm. Raises WebhookNotSigned.
    """
    try:
        signed = verify_webhook(signature, body, client_secret=client_secret, now=clock.now(), tolerance=tolerance)
    except InvalidSignature:
        raise WebhookNotSigned from None
    notice = _read(body)
    fingerprint = _fingerprint(notice, body)
    if db.session.scalar(select(TikTokEvent.id).where(TikTokEvent.fingerprint == fingerprint)) is not None:
        return None
    kept = TikTokEvent(
        fingerprint=fingerprint,
        event=notice.event,
        open_id=notice.open_id,
        content=notice.content,
        body=body.decode("utf-8", "backslashreplace").replace("\0", "\\0"),
        is_stale=signed.is_stale,
    )
    try:
        with db.session.begin_nested():
            db.session.add(kept)
    except IntegrityError:  # delivered twice at once
        return None
    queue.promise(ACT, due_at=clock.now(), subject=kept.id)
    return kept.id


def _read(body: bytes) -> Notice:
    """`content` is JSON inside JSON; what is not as documented is kept as unreadable."""
    try:
        outer = orjson.loads(body)
        inner = outer.get("content", {})
        content = orjson.loads(inner) if isinstance(inner, str) and inner else inner
        event = outer["event"]
    except (orjson.JSONDecodeError, AttributeError, KeyError):
        return Notice(UNREADABLE, None, {}, None)
    open_id = outer.get("user_openid")
    return Notice(
        _word(event) or UNREADABLE,
        _word(open_id),
        content if isinstance(content, dict) else {},
        outer.get("create_time"),
    )


def _word(value: Any) -> str | None:
    is_word = isinstance(value, str) and 0 < len(value) <= _LONGEST_WORD and value.isprintable()
    return value if is_word else None


def _fingerprint(notice: Notice, body: bytes) -> str:
    """Event, user, publish_id, post_id and time: one publish_id can complete more than once, with other posts."""
    if notice.event == UNREADABLE:
        return hashlib.sha256(body).hexdigest()
    known = ("publish_id", "post_id", "reason", "share_id", "request_id")
    parts = [notice.event, notice.open_id, notice.create_time, [str(notice.content.get(name)) for name in known]]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
