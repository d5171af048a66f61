"""Changing a password, and replacing a forgotten one; both end every token that there was."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update

from tiktok_api.auth import api_keys, audit, passwords, sessions
from tiktok_api.auth.emails import messages
from tiktok_api.auth.errors import LinkNotValid, WeakPassword, WrongPassword
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import EmailKind, SignInSession, User
from tiktok_api.auth.proofs import registrations
from tiktok_api.auth.proofs.addresses import email_key, site_of
from tiktok_api.auth.services import get_profile, start_session
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import Invalid


@dataclass(frozen=True, slots=True)
class Ended:
    """How many sessions and API keys were ended."""

    sessions: int
    api_keys: int


def change_password(
    caller: Identity, *, current_password: str, new_password: str, revoke_api_keys: bool, user_agent: str
) -> tuple[SignInSession, Ended]:
    """Replace the caller's password and start a new session instead of every one that there was.

    So a token that was stolen opens nothing any more, and the old refresh token of the caller's own session has no grace.
    Opens its own transaction, because hashing is slow and must hold no lock. Raises WrongPassword, WeakPassword, SessionEnded.
    """
    user = get_profile(caller)
    old_hash, email = user.password_hash, user.email  # copied: the transaction below would read them again
    end_reading()
    if not passwords.verify(old_hash, current_password):
        raise _with_weakness(WrongPassword.at("/current_password"), new_password, email=email, pointer="/new_password")
    passwords.must_be_hard_to_guess(new_password, email=email, pointer="/new_password")
    new_hash = passwords.hash_password(new_password)
    with transaction():
        user = _replace_hash(caller, old_hash, new_hash)
        ended = Ended(sessions.end_all(user.id), api_keys.revoke_all(caller) if revoke_api_keys else 0)
        audit.record(caller, "password.changed", sessions=ended.sessions, api_keys=ended.api_keys)
        session = start_session(user, user_agent=user_agent, address=caller.address)
        keys = f"API keys revoked: {ended.api_keys}." if revoke_api_keys else "Your API keys go on working."
        messages.enqueue_notice(user.email_key, signed_out="Every other device was signed out.", keys=keys)
    return session, ended


def request_password_reset(email: str, *, address: str) -> None:
    """Queue a password-reset email. Takes the same time for unknown addresses, so it reveals nothing.

    `address` is the client's. Call it inside a transaction.
    """
    messages.enqueue_reset(email_key(email), site=site_of(address))


def reset_password(token: str, password: str, *, address: str) -> Ended:
    """Replace a forgotten password, end all sessions of its user and revoke their API keys.

    The token also proves the address it was sent to, and makes a user of a registration that waits for that. Opens its own
    transaction, because hashing is slow and must hold no lock. Raises LinkNotValid, WeakPassword.
    """
    email = _address_behind(token)
    end_reading()
    if email is None:
        raise _with_weakness(LinkNotValid.at("/token"), password, email="", pointer="/password")
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    new_hash = passwords.hash_password(password)
    with transaction():
        user = _user_with_new_hash(token, new_hash)
        return end_access(Identity(user.id, None, address=address), user)


def end_access(caller: Identity, user: User, **detail: Any) -> Ended:
    """End every session and API key of a user whose password was just reset, write it down and tell the user."""
    ended = Ended(sessions.end_all(user.id), api_keys.revoke_all(caller))
    audit.record(caller, "password.reset", sessions=ended.sessions, api_keys=ended.api_keys, **detail)
    keys = f"API keys revoked: {ended.api_keys}."
    messages.enqueue_notice(user.email_key, signed_out="Every device was signed out.", keys=keys)
    return ended


def _address_behind(token: str) -> str | None:
    """Returns the address to which a reset's token was sent, if it is valid."""
    if found := messages.find_by_token(token):
        return found[0].email
    registration = messages.find_registration(token, EmailKind.RESET)
    return registration.email if registration else None


def _user_with_new_hash(token: str, new_hash: str) -> User:
    """Returns the user of a reset's token, with the new password. Raises LinkNotValid if the token was used twice at once."""
    if found := messages.find_by_token(token):
        user, sent = found
        user.password_hash, user.awaits_verification, sent.token_hash = new_hash, False, None
        return user
    registration = messages.find_registration(token, EmailKind.RESET)
    if registration is None:
        raise LinkNotValid.at("/token")
    return registrations.accept(registration, new_hash=new_hash)


def _with_weakness(problem: Invalid, password: str, *, email: str, pointer: str) -> Invalid:
    """Returns the problem, or one that also names the weak password."""
    try:
        passwords.must_be_hard_to_guess(password, email=email, pointer=pointer)
    except WeakPassword as weak:
        return Invalid(errors=[*problem.extra["errors"], *weak.extra["errors"]])
    return problem


def _replace_hash(caller: Identity, old_hash: str, new_hash: str) -> User:
    """Returns the user, locked, with the new password.

    Raises WrongPassword if the password was changed elsewhere meanwhile, SessionEnded if the caller's token has ended.
    """
    is_as_it_was = (User.id == caller.user_id, User.password_hash == old_hash)
    replaced = update(User).where(*is_as_it_was).values(password_hash=new_hash).returning(User.id)
    if db.session.execute(replaced).scalar() is None:
        raise WrongPassword.at("/current_password")
    sessions.must_still_be_valid(caller)
    return db.session.get_one(User, caller.user_id)
