"""Changing a password."""

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
    end_reading()
    if not passwords.verify(user.password_hash, current_password):
        raise _wrong()
    passwords.must_be_hard_to_guess(new_password, email=user.email, pointer="/new_password")
    new_hash = passwords.hash_password(new_password)
    with transaction():
        if not _replace(user, new_hash):  # it was changed elsewhere meanwhile
            raise _wrong()
        sessions.end_others(caller)
        audit.record(caller, "password.changed")


def _wrong() -> WrongPassword:
    fault = {"pointer": "/current_password", "code": WrongPassword.code, "message": WrongPassword.message}
    return WrongPassword(errors=[fault])


def _replace(user: User, new_hash: str) -> bool:
    replaced = (
        update(User)
        .where(User.id == user.id, User.password_hash == user.password_hash)
        .values(password_hash=new_hash)
        .returning(User.id)
    )
    return db.session.execute(replaced).scalar() is not None
