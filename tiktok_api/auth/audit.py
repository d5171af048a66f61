"""The audit trail: what people and their keys did, written in the transaction that does it.

Actions are dotted, the thing first (`post.scheduled`); the detail holds facts that help to recognise the thing, never a
secret and never what was written in a post.
"""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, select

from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import AuditEntry
from tiktok_api.db import db


def record(caller: Identity, action: str, *, subject_id: UUID | None = None, **detail: Any) -> None:
    """Write down what the caller does; call it inside the transaction that does it."""
    db.session.add(
        AuditEntry(
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


def trail(caller: Identity, *, action: str | None = None, subject_id: UUID | None = None) -> Select[AuditEntry]:
    """A select of what the caller's people and keys did."""
    statement = select(AuditEntry).where(AuditEntry.user_id == caller.user_id)
    if action is not None:
        statement = statement.where(AuditEntry.action == action)
    if subject_id is not None:
        statement = statement.where(AuditEntry.subject_id == subject_id)
    return statement
