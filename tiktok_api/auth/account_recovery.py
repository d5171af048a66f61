"""Changing a password, replacing a forgotten one, and verifying an email address."""

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
    """Replace the caller's password and end their other sessions; API keys stay.

    Opens its own transaction, because hashing is slow and must hold no lock. Raises WrongPassword, WeakPassword.
    """
    user = get_profile(caller)
    old_hash, email = user.password_hash, user.email  # copied: the transaction below would read them again
    end_reading()
    if not passwords.verify(old_hash, current_password):
        raise _with_weakness(WrongPassword.at("/current_password"), new_password, email=email, pointer="/new_password")
    passwords.must_be_hard_to_guess(new_password, email=email, pointer="/new_password")
    new_hash = passwords.hash_password(new_password)
    with transaction():
        if not _replace_hash(caller.user_id, old_hash, new_hash):  # it was changed elsewhere meanwhile
            raise WrongPassword.at("/current_password")
        sessions.end_others(caller)
        audit.record(caller, "password.changed")
        messages.enqueue_notice(email_key(email))


def request_password_reset(email: str) -> None:
    """Queue a password-reset email. Takes the same time for unknown addresses, so it reveals nothing.

    Call it inside a transaction.
    """
    messages.enqueue_reset(email_key(email))


def reset_password(token: str, password: str, *, address: str) -> None:
    """Replace a forgotten password and end all sessions of its user; API keys stay.

    The token also verifies the address it was sent to. Opens its own transaction, because hashing is slow and must hold no
    lock. Raises LinkNotValid, WeakPassword.
    """
    found = messages.find_by_token(token, EmailKind.RESET)
    email = found[0].email if found else None
    end_reading()
    if email is None:
        raise _with_weakness(LinkNotValid.at("/token"), password, email="", pointer="/password")
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    new_hash = passwords.hash_password(password)
    with transaction():
        found = messages.find_by_token(token, EmailKind.RESET)
        if found is None:  # it was used twice at once
            raise LinkNotValid.at("/token")
        user, sent = found
        user.password_hash, user.awaits_verification, sent.token_hash = new_hash, False, None
        sessions.end_all(user.id)
        audit.record(Identity(user.id, None, address=address), "password.reset")
        messages.enqueue_notice(user.email_key)


def verify_email(token: str, *, address: str) -> None:
    """Let the user of this token sign in: the address is verified. Call it inside a transaction. Raises LinkNotValid."""
    found = messages.find_by_token(token, EmailKind.VERIFY)
    if found is None:
        raise LinkNotValid.at("/token")
    user, sent = found
    user.awaits_verification, sent.token_hash = False, None
    audit.record(Identity(user.id, None, address=address), "email.verified")


def _with_weakness(problem: Invalid, password: str, *, email: str, pointer: str) -> Invalid:
    """Returns the problem, or one that also names the weak password."""
    try:
        passwords.must_be_hard_to_guess(password, email=email, pointer=pointer)
    except WeakPassword as weak:
        return Invalid(errors=[*problem.extra["errors"], *weak.extra["errors"]])
    return problem


def _replace_hash(user_id: UUID, old_hash: str, new_hash: str) -> bool:
    is_as_it_was = (User.id == user_id, User.password_hash == old_hash)
    replaced = update(User).where(*is_as_it_was).values(password_hash=new_hash).returning(User.id)
    return db.session.execute(replaced).scalar() is not None
