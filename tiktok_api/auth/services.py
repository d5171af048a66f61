"""Signing up, signing in, staying signed in and leaving."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from tiktok_api import clock, events
from tiktok_api.auth import audit, passwords, sessions
from tiktok_api.auth.emails import messages
from tiktok_api.auth.errors import (
    EmailNotVerified,
    EmailTaken,
    RegistrationClosed,
    SessionEnded,
    UserDisabled,
    WrongCredentials,
)
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import SignInSession, User
from tiktok_api.db import db, end_reading, insert_into, new_id, set_changes, transaction
from tiktok_api.errors import NotFound

REUSE_GRACE = timedelta(seconds=10)
"""How long after a rotation the old refresh token still gets the same successor: parallel tabs of one frontend."""

MOST_LIVING_TOKENS = 50
"""Access tokens of one session: whoever refreshes more often than that in a day loses the oldest before its time."""

UNPROVEN_KEPT = timedelta(days=7)


def email_key(email: str) -> str:
    """The address as it is compared: however it is typed, whatever the case, and its domain as DNS knows it."""
    folded = passwords.normalise(passwords.normalise(email.strip()).casefold())
    local, at, domain = folded.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:  # no domain at all, so nobody's
        return folded


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


def invite(*, email: str, password: str, display_name: str, timezone: str, is_open: bool) -> None:
    """Register where addresses must be proven: the same work and the same silence for known and unknown ones.

    Whoever has not proven the address yet gives way: nobody can keep it from its owner by registering it first.
    Opens its own transaction. Raises RegistrationClosed, WeakPassword.
    """
    if not is_open:
        raise RegistrationClosed
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    password_hash = passwords.hash_password(password)
    wish = {
        "email": email.strip(),
        "password_hash": password_hash,
        "display_name": display_name,
        "timezone": timezone,
        "created_at": clock.now(),
    }
    newcomer = insert_into(User).values(id=new_id(), email_key=email_key(email), awaits_verification=True, **wish)
    with transaction() as session:
        session.execute(
            newcomer.on_conflict_do_update(
                index_elements=["email_key"], set_=wish, where=User.awaits_verification.is_(True)
            )
        )
        messages.promise_welcome(email_key(email), password_hash=password_hash)


def sign_in(*, email: str, password: str, user_agent: str, address: str, must_be_verified: bool) -> SignInSession:
    """A session for whoever knows the password; the same work for known and unknown addresses.

    Opens its own transaction. Raises WrongCredentials and, to those who know the password, EmailNotVerified, UserDisabled.
    """
    columns = select(User.id, User.password_hash, User.awaits_verification)
    found = db.session.execute(columns.where(User.email_key == email_key(email))).one_or_none()
    end_reading()  # hashing takes its time: hold nothing meanwhile
    if not passwords.verify(found.password_hash if found else None, password) or found is None:
        raise WrongCredentials
    if found.awaits_verification and must_be_verified:
        raise EmailNotVerified
    with transaction() as session:
        is_as_it_was = (User.id == found.id, User.password_hash == found.password_hash)
        user = session.scalar(select(User).where(*is_as_it_was).with_for_update())
        if user is None:  # the password was changed meanwhile
            raise WrongCredentials
        user.awaits_verification = False  # whoever was let in while nobody asked for proof stays
        return start_session(user, user_agent=user_agent, address=address)


def forget_unproven() -> None:
    """Forget those who never proved their address; they never signed in, so they have nothing."""
    is_over = (User.awaits_verification.is_(True), User.created_at < clock.now() - UNPROVEN_KEPT)
    db.session.execute(delete(User).where(*is_over).execution_options(synchronize_session=False))


def start_session(user: User, *, user_agent: str, address: str) -> SignInSession:
    """A device signs in. Raises UserDisabled.

    The user's row is locked, so that a session begins before the user is disabled, and then ends with the others, or not.
    """
    if db.session.scalar(select(User.disabled_at).where(User.id == user.id).with_for_update()) is not None:
        raise UserDisabled
    session = SignInSession(
        user_id=user.id,
        access_jtis=[str(uuid4())],
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


def rotate(user_id: UUID, session_id: UUID, refresh_jti: UUID, *, address: str) -> SignInSession | None:
    """The session with its next pair of tokens, or None when this token was used before: the session is ended then.

    The same successor is answered again within the grace. The caller commits before it refuses. Raises SessionEnded.
    """
    theirs = (SignInSession.id == session_id, SignInSession.user_id == user_id)
    session = db.session.scalar(select(SignInSession).where(*theirs).with_for_update())
    if session is None or session.ended_at is not None:
        raise SessionEnded
    now = _now()
    if session.refresh_jti == refresh_jti:
        session.previous_refresh_jti = refresh_jti
        session.refresh_jti, session.issued_at = uuid4(), now
        session.access_jtis = [*session.access_jtis, str(uuid4())][-MOST_LIVING_TOKENS:]
        session.timezone = db.session.scalar(select(User.timezone).where(User.id == session.user_id)) or "UTC"
        return session
    if session.previous_refresh_jti == refresh_jti and now - session.issued_at <= REUSE_GRACE:
        return session
    session.ended_at = now
    person = Identity(user_id, session_id, address=address)
    audit.record(person, "session.ended", subject_id=session_id, because="refresh_token_reused")
    return None


def end_session(caller: Identity) -> None:
    """Sign this device out; its tokens are refused from the moment this is committed."""
    with suppress(NotFound):  # signed out from elsewhere a moment ago
        sessions.end(caller, caller.session_id)


def get_profile(caller: Identity, *, to_change: bool = False) -> User:
    """The caller's own row; `to_change` has others who want that wait. Raises SessionEnded where it was just deleted."""
    query = select(User).where(User.id == caller.user_id)
    user = db.session.scalar(query.with_for_update(key_share=True) if to_change else query)
    if user is None:
        raise SessionEnded
    return user


def leave(caller: Identity) -> None:
    """Delete the caller with all they have; call it inside a transaction.

    Higher domains are told first: accounts are let go, so that TikTok hears of it, and nothing secret is orphaned. Files
    go right after that, once nobody's row names them any more.
    """
    events.announce("user.leaving", user_id=caller.user_id)
    # From here nothing more can become theirs. What did since the announcement is let go of too: an account that came
    # back from TikTok in between would otherwise vanish without TikTok hearing of it.
    db.session.execute(select(User.id).where(User.id == caller.user_id).with_for_update())
    events.announce("user.leaving", user_id=caller.user_id)
    db.session.execute(delete(User).where(User.id == caller.user_id).execution_options(synchronize_session=False))


def update_profile(caller: Identity, **changes: Any) -> User:
    """Change the display name or the time zone; new tokens carry the zone. The same again changes nothing."""
    user = get_profile(caller, to_change=True)
    if changed := set_changes(user, changes):
        audit.record(caller, "profile.updated", changed=changed)
    return user


def _now() -> datetime:
    """Real time, in whole seconds as tokens carry it: moving the test clock must not sign people out."""
    return datetime.now(UTC).replace(microsecond=0)
