"""The audit trail: what users and their API keys did, written in the transaction that does it.

Actions are dotted, the thing first (`post.scheduled`); the detail holds facts that identify the thing, never a
secret and never the text of a post.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, delete, or_, select

from tiktok_api import clock
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import AuditEntry
from tiktok_api.db import db
from tiktok_api.db.writes import insert_rows, make_row


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


def trail(
    caller: Identity,
    *,
    action: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    **ids: Sequence[UUID],
) -> Select[AuditEntry]:
    """Returns a select of what the caller and their keys did.

    An action may name the thing alone (`post`); `ids` are subject_id, session_id and api_key_id, each any of several;
    entries at `until` are left out.
    """
    statement = select(AuditEntry).where(AuditEntry.user_id == caller.user_id)
    for name, values in ids.items():
        statement = statement.where(getattr(AuditEntry, name).in_(values))
    if action:
        kinds = (AuditEntry.action.startswith(f"{name}.", autoescape=True) for name in action)
        statement = statement.where(or_(AuditEntry.action.in_(action), *kinds))
    if since is not None:
        statement = statement.where(AuditEntry.created_at >= since)
    if until is not None:
        statement = statement.where(AuditEntry.created_at < until)
    return statement


def sweep(kept: timedelta) -> None:
    """Delete entries that are older than `kept`."""
    long_ago = AuditEntry.created_at < clock.now() - kept
    db.session.execute(delete(AuditEntry).where(long_ago).execution_options(synchronize_session=False))
