"""Users and their sessions: creation, sign-in, token rotation, the profile and its deletion."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from tiktok_api import events
from tiktok_api.auth import audit, passwords, sessions
from tiktok_api.auth.emails import messages
from tiktok_api.auth.errors import (
    EmailNotVerified,
    EmailTaken,
    LinkNotValid,
    SessionEnded,
    WrongCredentials,
)
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import Registration, SignInSession, User
from tiktok_api.auth.proofs import registrations
from tiktok_api.auth.proofs.addresses import email_key
from tiktok_api.db import db, end_reading, locked, set_changes, transaction
from tiktok_api.db.reads import Given, reading
from tiktok_api.errors import NotFound

REUSE_GRACE = timedelta(seconds=10)
"""How long after a rotation the old refresh token still gets the same successor: parallel tabs of one frontend."""

MOST_LIVING_TOKENS = 50
"""Access tokens of one session: a session that refreshes more often in a day loses its oldest ones early."""


def register(*, email: str, password: str, display_name: str, timezone: str, is_open: bool) -> User:
    """Add a user whose address needs no proof; registrations of it that wait for one end.

    Opens its own transaction, because hashing is slow. Raises RegistrationClosed, WeakPassword, EmailTaken.
    """
    user = User(
        **registrations.described(
            email=email, password=password, display_name=display_name, timezone=timezone, is_open=is_open
        )
    )
    with transaction() as session:
        session.add(user)
        try:
            session.flush()
        except IntegrityError:
            raise EmailTaken from None
        registrations.end_all(user.email_key)
    return user


def sign_in(*, email: str, password: str, user_agent: str, address: str, must_be_verified: bool) -> SignInSession:
    """Start a session if the password is right; the same work for known and unknown addresses.

    Opens its own transaction, because hashing is slow. Raises WrongCredentials; with the right password EmailNotVerified,
    UserDisabled.
    """
    key = email_key(email)
    columns = select(User.id, User.password_hash, User.awaits_verification)
    found = db.session.execute(columns.where(User.email_key == key)).one_or_none()
    pending = registrations.find(key, address=address)
    end_reading()  # hashing is slow: hold no connection meanwhile
    known = found or pending
    if not passwords.verify(known.password_hash if known else None, password) or known is None:
        raise WrongCredentials
    if must_be_verified and (found is None or found.awaits_verification):
        raise EmailNotVerified
    with transaction():
        user = _user_as_found(known.id, known.password_hash) if found else _accept(known.id)
        user.awaits_verification = False  # signing in while verification is off counts as verified later too
        return start_session(user, user_agent=user_agent, address=address)


def _user_as_found(user_id: UUID, password_hash: str) -> User:
    """Returns the user's row, locked. Raises WrongCredentials if the password was changed meanwhile."""
    is_as_it_was = (User.id == user_id, User.password_hash == password_hash)
    user = db.session.scalar(select(User).where(*is_as_it_was).with_for_update(key_share=True))
    if user is None:
        raise WrongCredentials
    return user


def _accept(registration_id: UUID) -> User:
    """Returns the user of a registration, without a proof of the address. Raises WrongCredentials if it has ended meanwhile."""
    registration = db.session.get(Registration, registration_id)
    if registration is None:
        raise WrongCredentials
    try:
        return registrations.accept(registration)
    except LinkNotValid:
        raise WrongCredentials from None


def start_session(user: User, *, user_agent: str, address: str) -> SignInSession:
    """Start a session for a device. Raises UserDisabled."""
    sessions.lock_enabled_user(user.id)
    now = _now()
    session = SignInSession(
        user_id=user.id,
        access_jtis=[str(uuid4())],
        refresh_jti=uuid4(),
        issued_at=now,
        signed_in_at=now,
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
        if len(session.access_jtis) == MOST_LIVING_TOKENS:  # the oldest is refused from now on
            sessions.forget([session_id])
        session.previous_refresh_jti = refresh_jti
        session.refresh_jti, session.issued_at = uuid4(), now
        session.access_jtis = [*session.access_jtis, str(uuid4())][-MOST_LIVING_TOKENS:]
        session.timezone = db.session.scalar(select(User.timezone).where(User.id == session.user_id)) or "UTC"
        return session
    if session.previous_refresh_jti == refresh_jti and now - session.issued_at <= REUSE_GRACE:
        return session
    session.ended_at = now
    sessions.forget([session_id])
    person = Identity(user_id, session_id, address=address)
    audit.record(person, "session.ended", subject_id=session_id, because="refresh_token_reused")
    return None


def end_session(caller: Identity) -> None:
    """End the caller's session; its tokens are refused from the commit on."""
    with suppress(NotFound):  # another request ended it a moment ago
        sessions.end(caller, caller.session_id)


@reading
def _profile(given: Given) -> Select[Any]:
    columns: list[Any] = [User.id, User.email, User.display_name, User.timezone, User.created_at]
    return select(*columns).where(User.id == given["id"])


def show_profile(caller: Identity) -> Any:
    """Returns what the caller may see of their row. Raises SessionEnded if it was just deleted."""
    found = _profile.first(id=caller.user_id)
    if found is None:
        raise SessionEnded
    return found


def get_profile(caller: Identity, *, to_change: bool = False) -> User:
    """Returns the caller's row, with `to_change` locked. Raises SessionEnded if it was just deleted."""
    query = select(User).where(User.id == caller.user_id)
    user = locked(query, key_share=True) if to_change else db.session.scalar(query)
    if user is None:
        raise SessionEnded
    return user


def delete_account(caller: Identity, *, precondition: Callable[[User], None] = lambda _: None) -> None:
    """Delete the caller's user and all their data; call it inside a transaction.

    `precondition` gets the locked row and may refuse. Raises SessionEnded if the user was just deleted, or the session
    ended. Higher domains are told first: accounts are disconnected, so that their tokens are revoked at TikTok. Files are
    deleted after that, once no row names them any more.
    """
    events.announce("user.deleting", user_id=caller.user_id)
    # From here on nothing new can belong to the user. Accounts that were connected since the announcement are
    # disconnected too: their tokens would otherwise be deleted without being revoked at TikTok.
    user = locked(select(User).where(User.id == caller.user_id))
    sessions.must_still_be_valid(caller)  # a user who was deleted meanwhile has no session
    precondition(cast(User, user))
    events.announce("user.deleting", user_id=caller.user_id)
    sessions.forget_all_of(User.id == caller.user_id)
    deleted = delete(User).where(User.id == caller.user_id).returning(User.email_key)
    for key in db.session.scalars(deleted.execution_options(synchronize_session=False)):
        registrations.end_all(key)


def update_profile(caller: Identity, **changes: Any) -> User:
    """Change the display name or the time zone; new tokens carry the zone. Equal values change nothing."""
    user = get_profile(caller, to_change=True)
    if changed := set_changes(user, changes):
        audit.record(caller, "profile.updated", changed=changed)
    if "timezone" in changed:
        events.announce("user.zone_changed", user_id=user.id)
    return user


def _now() -> datetime:
    """Returns the real time, in whole seconds as tokens carry it: moving the test clock must end no session."""
    return datetime.now(UTC).replace(microsecond=0)


def lock_against_deletion(user_ids: set[UUID]) -> None:
    """Let the deletion of these users wait until the transaction ends, so that it includes what is added for them here."""
    theirs = select(User.id).where(User.id.in_(user_ids)).order_by(User.id)
    db.session.execute(theirs.with_for_update(read=True, key_share=True))


def recognisable_name(user_id: UUID) -> str:
    """Returns by what a person recognises a user without learning the address: `Ada (a•••@example.com)`."""
    rows = db.session.execute(select(User.display_name, User.email).where(User.id == user_id))
    return next((_with_masked_address(*row) for row in rows), "")


def _with_masked_address(display_name: str, email: str) -> str:
    local, _, domain = email.rpartition("@")
    masked = f"{local[:1]}•••@{domain}"
    return f"{display_name} ({masked})" if display_name else masked


def tell_of_lost_account(user_id: UUID) -> None:
    """Send the user an email that a TikTok account of theirs was connected by another user."""
    for address in db.session.scalars(select(User.email_key).where(User.id == user_id)):
        messages.enqueue_loss(address)
