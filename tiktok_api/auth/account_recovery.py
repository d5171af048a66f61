"""Changing a password, choosing a new one instead of one forgotten, and proving that an address is one's own."""

from uuid import UUID

from sqlalchemy import update

from tiktok_api.auth import audit, passwords, sessions
from tiktok_api.auth.emails import messages
from tiktok_api.auth.errors import LinkNotValid, WeakPassword, WrongPassword
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import EmailKind, User
from tiktok_api.auth.services import email_key, get_profile
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import Invalid


def change_password(caller: Identity, *, current_password: str, new_password: str) -> None:
    """Replace the caller's password and sign their other devices out; API keys stay.

    Opens its own transaction, because hashing takes its time. Raises WrongPassword, WeakPassword.
    """
    user = get_profile(caller)
    old_hash, email = user.password_hash, user.email  # as they were read: the transaction below would read them anew
    end_reading()
    if not passwords.verify(old_hash, current_password):
        raise _with_weakness(_wrong(), new_password, email=email, pointer="/new_password")
    passwords.must_be_hard_to_guess(new_password, email=email, pointer="/new_password")
    new_hash = passwords.hash_password(new_password)
    with transaction():
        if not _replace(caller.user_id, old_hash, new_hash):  # it was changed elsewhere meanwhile
            raise _wrong()
        sessions.end_others(caller)
        audit.record(caller, "password.changed")
        messages.promise_notice(email_key(email))


def forget(email: str) -> None:
    """Have a letter written to whoever this is, with the same work for nobody; call it inside a transaction."""
    messages.promise_reset(email_key(email))


def reset_password(token: str, password: str, *, address: str) -> None:
    """Replace a password that was forgotten, and sign its person out everywhere; API keys stay.

    Who can read the letter has proven the address too. Opens its own transaction. Raises LinkNotValid, WeakPassword.
    """
    found = messages.find(token, EmailKind.RESET)
    email = found[0].email if found else None
    end_reading()
    if email is None:
        raise _with_weakness(_not_valid(), password, email="", pointer="/password")
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    new_hash = passwords.hash_password(password)
    with transaction():
        found = messages.find(token, EmailKind.RESET)
        if found is None:  # it was used twice at once
            raise _not_valid()
        user, letter = found
        user.password_hash, user.awaits_verification, letter.token_hash = new_hash, False, None
        sessions.end_all(user.id)
        audit.record(Identity(user.id, None, address=address), "password.reset")
        messages.promise_notice(user.email_key)


def verify_email(token: str, *, address: str) -> None:
    """Let in whoever has proven their address; call it inside a transaction. Raises LinkNotValid."""
    found = messages.find(token, EmailKind.VERIFY)
    if found is None:
        raise _not_valid()
    user, letter = found
    user.awaits_verification, letter.token_hash = False, None
    audit.record(Identity(user.id, None, address=address), "email.verified")


def _not_valid() -> LinkNotValid:
    return LinkNotValid.at("/token")


def _wrong() -> WrongPassword:
    return WrongPassword.at("/current_password")


def _with_weakness(problem: Invalid, password: str, *, email: str, pointer: str) -> Invalid:
    """The problem or, where the new password is weak, one that says both."""
    try:
        passwords.must_be_hard_to_guess(password, email=email, pointer=pointer)
    except WeakPassword as weak:
        return Invalid(errors=[*problem.extra["errors"], *weak.extra["errors"]])
    return problem


def _replace(user_id: UUID, old_hash: str, new_hash: str) -> bool:
    is_as_it_was = (User.id == user_id, User.password_hash == old_hash)
    replaced = update(User).where(*is_as_it_was).values(password_hash=new_hash).returning(User.id)
    return db.session.execute(replaced).scalar() is not None
