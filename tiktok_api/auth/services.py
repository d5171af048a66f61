"""Signing up, signing in, staying signed in and leaving."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tiktok_api.auth import audit, passwords, sessions
from tiktok_api.auth.errors import EmailTaken, RegistrationClosed, SessionEnded, WrongCredentials
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import SignInSession, User
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import NotFound

REUSE_GRACE = timedelta(seconds=10)
"""How long after a rotation the old refresh token still gets the same successor: parallel tabs of one frontend."""


def email_key(email: str) -> str:
    """The address as it is compared."""
    return email.strip().casefold()


def register(*, email: str, password: str, display_name: str, timezone: str, is_open: bool) -> User:
    """A new user. Raises RegistrationClosed, WeakPassword, EmailTaken."""
    if not is_open:
        raise RegistrationClosed
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    user = User(
        email=email.strip(),
        email_key=email_key(email),
        password_hash=passwords.hash_password(password),
        display_name=display_name,
        timezone=timezone,
    )
    with transaction() as session:
        session.add(user)
        try:
            session.flush()
        except IntegrityError:
            raise EmailTaken from None
    return user


def check_password(*, email: str, password: str) -> User:
    """The user whose credentials these are. Raises WrongCredentials after the same work for known and unknown addresses."""
    user = db.session.scalar(select(User).where(User.email_key == email_key(email)))
    password_hash = user.password_hash if user else None  # before the row is let go: reading it again would tell
    end_reading()  # hashing takes its time: hold nothing meanwhile
    if not passwords.verify(password_hash, password) or user is None:
        raise WrongCredentials
    return user


def start_session(user: User, *, user_agent: str, address: str) -> SignInSession:
    """A device signs in."""
    session = SignInSession(
        user_id=user.id,
        access_jti=uuid4(),
        refresh_jti=uuid4(),
        issued_at=_now(),
        timezone=user.timezone,
        user_agent=user_agent[:256],
        address=address,
    )
    db.session.add(session)
    db.session.flush()
    audit.record(Identity(user.id, session.id, address=address), "session.started", subject_id=session.id)
    return session


def rotate(session_id: UUID, refresh_jti: UUID) -> SignInSession | None:
    """The session with its next pair of tokens, or None when this token was used before: the session is ended then.

    The same successor is answered again within the grace. The caller commits before it refuses. Raises SessionEnded.
    """
    session = db.session.scalar(select(SignInSession).where(SignInSession.id == session_id).with_for_update())
    if session is None or session.ended_at is not None:
        raise SessionEnded
    now = _now()
    if session.refresh_jti == refresh_jti:
        session.previous_refresh_jti = refresh_jti
        session.access_jti, session.refresh_jti, session.issued_at = uuid4(), uuid4(), now
        session.timezone = db.session.scalar(select(User.timezone).where(User.id == session.user_id)) or "UTC"
        return session
    if session.previous_refresh_jti == refresh_jti and now - session.issued_at <= REUSE_GRACE:
        return session
    session.ended_at = now
    return None


def end_session(caller: Identity) -> None:
    """Sign this device out; its tokens are refused from the moment this is committed."""
    if caller.session_id is not None:
        with suppress(NotFound):  # signed out from elsewhere a moment ago
            sessions.end(caller, caller.session_id)


def get_profile(caller: Identity) -> User:
    """The caller's own row."""
    return db.session.execute(select(User).where(User.id == caller.user_id)).scalar_one()


def update_profile(caller: Identity, **changes: Any) -> User:
    """Change the display name or the time zone; new tokens carry the zone."""
    user = get_profile(caller)
    for name, value in changes.items():
        setattr(user, name, value)
    return user


def _now() -> datetime:
    """Real time, in whole seconds as tokens carry it: moving the test clock must not sign people out."""
    return datetime.now(UTC).replace(microsecond=0)
