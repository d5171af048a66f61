"""Sessions of devices that are signed in: listing and ending them.

Sessions expire by the real clock: moving the test clock must end none.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from tiktok_api.auth import audit
from tiktok_api.auth.errors import SessionEnded, UserDisabled
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import SignInSession, User
from tiktok_api.db import after_commit, db
from tiktok_api.db.reads import Given, reading
from tiktok_api.errors import NotFound
from tiktok_api.extensions import service
from tiktok_api.web.limits.counts import Counts
from tiktok_api.web.pagination import Page, in_pages, read_page

LIFETIME = timedelta(days=30)
"""How long a refresh token is valid; each refresh starts it again."""
ENDED_KEPT = timedelta(days=1)


_KEYS = (SignInSession.created_at, SignInSession.id)


@reading
def _active(given: Given) -> Select[Any]:
    columns: list[Any] = [
        SignInSession.id,
        SignInSession.user_agent,
        SignInSession.address,
        SignInSession.created_at,
        SignInSession.issued_at.label("last_issued_at"),
        (SignInSession.id == given["session_id"]).label("is_current"),
    ]
    query = select(*columns).where(*_is_active(given["user_id"], issued_after=given["issued_after"]))
    return in_pages(query, given, _KEYS)


def list_active(caller: Identity, args: dict[str, Any]) -> Page:
    """Returns a page of the caller's sessions that can still be used, the newest first. Raises InvalidCursor."""
    known = {"user_id": caller.user_id, "session_id": caller.session_id, "issued_after": _earliest()}
    return read_page(_active, args, by=_KEYS, **known)


def end(caller: Identity, session_id: UUID | None) -> None:
    """End one of the caller's sessions. Raises NotFound."""
    if not _end(*is_active(caller.user_id), SignInSession.id == session_id):
        raise NotFound
    audit.record(caller, "session.ended", subject_id=session_id)


def end_others(caller: Identity) -> None:
    """End every session of the caller's but the current one."""
    count = _end(*is_active(caller.user_id), SignInSession.id != caller.session_id)
    audit.record(caller, "sessions.ended", count=count)


def lock_enabled_user(user_id: UUID) -> None:
    """Lock a user's row before a session or an API key is added. Call it inside a transaction. Raises UserDisabled.

    So it is added either before the user is disabled or the password reset, and ends with the others, or not. The lock lets
    rows be added that refer to the user: a session that ends meanwhile writes an audit entry.
    """
    disabled_at = select(User.disabled_at).where(User.id == user_id).with_for_update(key_share=True)
    if db.session.scalar(disabled_at) is not None:
        raise UserDisabled


def must_still_be_valid(caller: Identity) -> None:
    """Check the caller's token again, once the user's row is locked. Raises SessionEnded.

    A request that was let in before a reset, and acts after it, must not leave anything behind for a thief.
    """
    columns = select(SignInSession.ended_at, SignInSession.access_jtis)
    row = db.session.execute(columns.where(SignInSession.id == caller.session_id)).one_or_none()
    if row is None or row.ended_at is not None or caller.access_jti not in row.access_jtis:
        raise SessionEnded


def end_all(user_id: UUID) -> int:
    """End every session of a user. Returns how many there were."""
    return _end(*is_active(user_id))


def sweep() -> None:
    """Delete sessions whose tokens have all expired, and those that ended a day ago."""
    now = datetime.now(UTC)
    is_over = or_(SignInSession.issued_at < now - LIFETIME, SignInSession.ended_at < now - ENDED_KEPT)
    db.session.execute(delete(SignInSession).where(is_over))


def is_active(user_id: UUID | InstrumentedAttribute[UUID]) -> tuple[ColumnElement[bool], ...]:
    """Returns the conditions for the sessions of a user, or of the user of each row, that can still be used."""
    return _is_active(user_id, issued_after=_earliest())


def _is_active(user_id: Any, *, issued_after: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInSession.user_id == user_id,
        SignInSession.ended_at.is_(None),
        SignInSession.issued_at > issued_after,
    )


def _earliest() -> datetime:
    """Returns when the oldest session that can still be used was issued its tokens."""
    return datetime.now(UTC) - LIFETIME


def _end(*which: ColumnElement[bool]) -> int:
    ended = update(SignInSession).where(*which).values(ended_at=datetime.now(UTC)).returning(SignInSession.id)
    ids = db.session.scalars(ended.execution_options(synchronize_session=False)).all()
    forget(ids)
    return len(ids)


def forget(session_ids: Iterable[UUID]) -> None:
    """Let every process read these sessions' rows again before it believes their tokens, once this transaction is committed."""
    changed = [str(session_id) for session_id in session_ids]
    if changed:
        after_commit(lambda: service(Counts).forget_sessions(changed))


def forget_all_of(*users: ColumnElement[bool]) -> None:
    """`forget` the sessions of the users who are about to be deleted with them."""
    theirs = select(SignInSession.id).join(User, User.id == SignInSession.user_id).where(*users)
    forget(db.session.scalars(theirs).all())
