"""Whether a session is still in the hands of its person: a sign-in of the last minutes, or the password again."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tiktok_api.auth import passwords
from tiktok_api.auth.errors import RecentSignInRequired, SessionEnded, WrongPassword
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import SignInSession, User
from tiktok_api.db import db, end_reading

RECENT = timedelta(minutes=10)
"""How long after signing in no password is asked for. A refresh does not count: a thief of the tokens can do that too."""


def must_be_confirmed(caller: Identity, password: str | None) -> None:
    """Raises RecentSignInRequired if the session is older and no password was sent; WrongPassword; SessionEnded.

    A password that was sent must be right, however young the session is. No transaction is open: hashing is slow.
    """
    columns = select(User.password_hash, SignInSession.signed_in_at).join(User, User.id == SignInSession.user_id)
    row = db.session.execute(columns.where(SignInSession.id == caller.session_id)).one_or_none()
    end_reading()
    if row is None:
        raise SessionEnded
    if password is None:
        if abs(datetime.now(UTC) - row.signed_in_at) > RECENT:  # of a clock that was set back, nothing is recent
            raise RecentSignInRequired
        return
    if not passwords.verify(row.password_hash, password):
        raise WrongPassword.at("/current_password")


def email_key_of(caller: Identity) -> str:
    """Returns the caller's address as it is compared, by which guesses of the password are counted."""
    return db.session.scalar(select(User.email_key).where(User.id == caller.user_id)) or ""
