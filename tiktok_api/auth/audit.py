"""The audit trail: what users and their API keys did, written in the transaction that does it.

Actions are dotted, the thing first (`post.scheduled`); the detail holds facts that identify the thing, never a
secret and never the text of a post.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, or_, select

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import AuditEntry
from tiktok_api.db import db
from tiktok_api.db.reads import Given, is_any, reading
from tiktok_api.db.writes import insert_rows, make_row
from tiktok_api.web.pagination import Page, in_pages, read_page


def record(caller: Identity, action: str, *, subject_id: UUID | None = None, **detail: Any) -> None:
    """Write down what the caller does; call it inside the transaction that does it."""
    insert_rows(
        make_row(
            AuditEntry,
            user_id=caller.user_id,
            session_id=caller.session_id,
            api_key_id=caller.key_id,
            action=action,
            subject_id=subject_id,
            address=caller.address,
            request_id=structlog.contextvars.get_contextvars().get("request_id"),
            detail=detail,
        )
    )


_KEYS = (AuditEntry.created_at, AuditEntry.id)


@reading
def _trail(given: Given) -> Select[Any]:
    columns: list[Any] = [
        AuditEntry.id,
        AuditEntry.created_at,
        AuditEntry.action,
        AuditEntry.subject_id,
        AuditEntry.session_id,
        AuditEntry.api_key_id,
        AuditEntry.address,
        AuditEntry.request_id,
        AuditEntry.detail,
    ]
    query = select(*columns).where(AuditEntry.user_id == given["user_id"])
    for name in ("subject_id", "session_id", "api_key_id"):
        if name in given:
            query = query.where(is_any(getattr(AuditEntry, name), given[name]))
    if "action" in given:
        kind = _before_the_dot(AuditEntry.action, dialect=given.dialect)
        query = query.where(or_(is_any(AuditEntry.action, given["action"]), is_any(kind, given["action"])))
    if "since" in given:
        query = query.where(AuditEntry.created_at >= given["since"])
    if "until" in given:
        query = query.where(AuditEntry.created_at < given["until"])
    return in_pages(query, given, _KEYS)


def _before_the_dot(action: Any, *, dialect: str) -> ColumnElement[str]:
    """Returns the kind of thing that an action is about: `post` of `post.scheduled`."""
    if dialect == "postgresql":
        return func.split_part(action, ".", 1)
    return func.substr(action, 1, func.instr(action, ".") - 1)


def list_entries(
    caller: Identity,
    args: dict[str, Any],
    *,
    action: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **ids: Sequence[UUID],
) -> Page:
    """Returns a page of what the caller and their keys did, the newest first. Raises InvalidCursor.

    An action may name the thing alone (`post`); `ids` are subject_id, session_id and api_key_id, each any of several;
    entries at `until` are left out.
    """
    filters = {"action": action, "since": since, "until": until, **ids}
    return read_page(_trail, args, by=_KEYS, user_id=caller.user_id, **filters)


def sweep(kept: timedelta) -> None:
    """Delete entries that are older than `kept`."""
    long_ago = AuditEntry.created_at < clock.now() - kept
    db.session.execute(delete(AuditEntry).where(long_ago).execution_options(synchronize_session=False))
