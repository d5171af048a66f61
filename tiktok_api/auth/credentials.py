"""Changing a password."""

from uuid import UUID

from sqlalchemy import update

from tiktok_api.auth import audit, passwords, sessions
from tiktok_api.auth.errors import WrongPassword
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import User
from tiktok_api.auth.services import get_profile
from tiktok_api.db import db, end_reading, transaction


def change_password(caller: Identity, *, current_password: str, new_password: str) -> None:
    """Replace the caller's password and sign their other devices out; API keys stay.

    Opens its own transaction, because hashing takes its time. Raises WrongPassword, WeakPassword.
    """
    user = get_profile(caller)
    old_hash, email = user.password_hash, user.email  # as they were read: the transaction below would read them anew
    end_reading()
    if not passwords.verify(old_hash, current_password):
        raise _wrong()
    passwords.must_be_hard_to_guess(new_password, email=email, pointer="/new_password")
    new_hash = passwords.hash_password(new_password)
    with transaction():
        if not _replace(caller.user_id, old_hash, new_hash):  # it was changed elsewhere meanwhile
            raise _wrong()
        sessions.end_others(caller)
        audit.record(caller, "password.changed")


def _wrong() -> WrongPassword:
    fault = {"pointer": "/current_password", "code": WrongPassword.code, "message": WrongPassword.message}
    return WrongPassword(errors=[fault])


def _replace(user_id: UUID, old_hash: str, new_hash: str) -> bool:
    is_as_it_was = (User.id == user_id, User.password_hash == old_hash)
    replaced = update(User).where(*is_as_it_was).values(password_hash=new_hash).returning(User.id)
    return db.session.execute(replaced).scalar() is not None
