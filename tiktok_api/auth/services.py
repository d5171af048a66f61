"""Users and their sessions: registration, sign-in, token rotation, the profile and its deletion."""

from collections.abc import Callable
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
from tiktok_api.db import db, end_reading, insert_into, locked, new_id, set_changes, transaction
from tiktok_api.errors import NotFound

REUSE_GRACE = timedelta(seconds=10)
"""How long after a rotation the old refresh token still gets the same successor: parallel tabs of one frontend."""

MOST_LIVING_TOKENS = 50
"""Access tokens of one session: a session that refreshes more often in a day loses its oldest ones early."""

UNVERIFIED_KEPT = timedelta(days=7)


def email_key(email: str) -> str:
    """Returns the address as it is compared: normalised, in lower case, its domain as DNS knows it."""
    folded = passwords.normalise(passwords.normalise(email.strip()).casefold())
    local, at, domain = folded.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:  # no domain at all: no user has it
        return folded


def register(*, email: str, password: str, display_name: str, timezone: str, is_open: bool) -> User:
    """Add a user. Opens its own transaction, because hashing is slow. Raises RegistrationClosed, WeakPassword, EmailTaken."""
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


def register_unverified(*, email: str, password: str, display_name: str, timezone: str, is_open: bool) -> None:
    """Register an address that must be verified: same work and same result for known and unknown ones.

    A registration that is not verified yet is replaced, so that registering an address first does not keep its owner out.
    Opens its own transaction, because hashing is slow. Raises RegistrationClosed, WeakPassword.
    """
    if not is_open:
        raise RegistrationClosed
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    password_hash = passwords.hash_password(password)
    values = {
        "email": email.strip(),
        "password_hash": password_hash,
        "display_name": display_name,
        "timezone": timezone,
        "created_at": clock.now(),
    }
    insertion = insert_into(User).values(id=new_id(), email_key=email_key(email), awaits_verification=True, **values)
    with transaction() as session:
        session.execute(
            insertion.on_conflict_do_update(
                index_elements=["email_key"], set_=values, where=User.awaits_verification.is_(True)
            )
        )
        messages.enqueue_welcome(email_key(email), password_hash=password_hash)


def sign_in(*, email: str, password: str, user_agent: str, address: str, must_be_verified: bool) -> SignInSession:
    """Start a session if the password is right; the same work for known and unknown addresses.

    Opens its own transaction, because hashing is slow. Raises WrongCredentials; with the right password EmailNotVerified,
    UserDisabled.
    """
    columns = select(User.id, User.password_hash, User.awaits_verification)
    found = db.session.execute(columns.where(User.email_key == email_key(email))).one_or_none()
    end_reading()  # hashing is slow: hold no connection meanwhile
    if not passwords.verify(found.password_hash if found else None, password) or found is None:
        raise WrongCredentials
    if found.awaits_verification and must_be_verified:
        raise EmailNotVerified
    with transaction() as session:
        is_as_it_was = (User.id == found.id, User.password_hash == found.password_hash)
        user = session.scalar(select(User).where(*is_as_it_was).with_for_update())
        if user is None:  # the password was changed meanwhile
            raise WrongCredentials
        user.awaits_verification = False  # signing in while verification is off counts as verified later too
        return start_session(user, user_agent=user_agent, address=address)


def delete_unverified() -> None:
    """Delete users who did not verify their address in time; they never signed in, so they own nothing."""
    is_over = (User.awaits_verification.is_(True), User.created_at < clock.now() - UNVERIFIED_KEPT)
    db.session.execute(delete(User).where(*is_over).execution_options(synchronize_session=False))


def start_session(user: User, *, user_agent: str, address: str) -> SignInSession:
    """Start a session for a device. Raises UserDisabled.

    The user's row is locked, so that a session starts either before the user is disabled, and ends with the others, or not.
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
    """Returns the session with its next pair of tokens; None if this token was used before, which ends the session.

    Within the grace the same successor is returned again. The caller commits before it refuses. Raises SessionEnded.
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
    """End the caller's session; its tokens are refused from the commit on."""
    with suppress(NotFound):  # another request ended it a moment ago
        sessions.end(caller, caller.session_id)


def get_profile(caller: Identity, *, to_change: bool = False) -> User:
    """Returns the caller's row, with `to_change` locked. Raises SessionEnded if it was just deleted."""
    query = select(User).where(User.id == caller.user_id)
    user = locked(query, key_share=True) if to_change else db.session.scalar(query)
    if user is None:
        raise SessionEnded
    return user


def delete_account(caller: Identity, *, precondition: Callable[[User], None] = lambda _: None) -> None:
    """Delete the caller's user and all their data; call it inside a transaction.

    `precondition` gets the locked row and may refuse. Raises SessionEnded if it was just deleted. Higher domains are told first: accounts are disconnected, so that their tokens are revoked at TikTok. Files are deleted
    after that, once no row names them any more.
    """
    events.announce("user.deleting", user_id=caller.user_id)
    # From here on nothing new can belong to the user. Accounts that were connected since the announcement are
    # disconnected too: their tokens would otherwise be deleted without being revoked at TikTok.
    user = locked(select(User).where(User.id == caller.user_id))
    if user is None:
        raise SessionEnded
    precondition(user)
    events.announce("user.deleting", user_id=caller.user_id)
    db.session.execute(delete(User).where(User.id == caller.user_id).execution_options(synchronize_session=False))


def update_profile(caller: Identity, **changes: Any) -> User:
    """Change the display name or the time zone; new tokens carry the zone. Equal values change nothing."""
    user = get_profile(caller, to_change=True)
    if changed := set_changes(user, changes):
        audit.record(caller, "profile.updated", changed=changed)
    return user


def _now() -> datetime:
    """Returns the real time, in whole seconds as tokens carry it: moving the test clock must end no session."""
    return datetime.now(UTC).replace(microsecond=0)
