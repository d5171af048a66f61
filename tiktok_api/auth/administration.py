"""What the operator does with users: creating and disabling them, and replacing passwords.

These are edges, called by commands: each opens its own transaction.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select

from tiktok_api.auth import account_recovery, api_keys, audit, passwords, services, sessions
from tiktok_api.auth.account_recovery import Ended
from tiktok_api.auth.emails import messages
from tiktok_api.auth.errors import UserUnknown
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import ApiKey, SignInSession, User
from tiktok_api.auth.proofs.addresses import email_key
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.settings import Settings

BY = "operator"
"""Who acted, in the audit trail."""
ADDRESS = "console"


def find(email: str, *, to_change: bool = False) -> User:
    """Returns the user with this address. Raises UserUnknown."""
    query = select(User).where(User.email_key == email_key(email))
    user = db.session.scalar(query.with_for_update(key_share=True) if to_change else query)
    if user is None:
        raise UserUnknown(email=email)
    return user


def acting_for(user: User) -> Identity:
    """Returns the identity of a user, without a session, for what the operator does on their behalf."""
    return Identity(user.id, None, user.timezone, address=ADDRESS)


def overview() -> Sequence[dict[str, object]]:
    """Returns every user as a row of facts, the oldest first; counted are sessions and keys that can be used."""
    living = select(func.count()).select_from(SignInSession).where(*sessions.is_active(User.id))
    usable = ApiKey.expires_at.is_(None) | (ApiKey.expires_at > datetime.now(UTC))
    keys = select(func.count()).select_from(ApiKey).where(ApiKey.user_id == User.id, usable)
    rows = db.session.execute(
        select(User, living.scalar_subquery().label("sessions"), keys.scalar_subquery().label("api_keys")).order_by(
            User.created_at, User.id
        )
    )
    return [describe(row.User) | {"sessions": row.sessions, "api_keys": row.api_keys} for row in rows]


def describe(user: User) -> dict[str, object]:
    """Returns a user as facts to show."""
    status = "disabled" if user.disabled_at else "unverified" if user.awaits_verification else "active"
    return {
        "id": user.id,
        "email": user.email,
        "display_name": user.display_name,
        "timezone": user.timezone,
        "status": status,
        "created_at": user.created_at,
        "disabled_at": user.disabled_at,
    }


def create(*, email: str, password: str, display_name: str, timezone: str) -> User:
    """Add a user, even if registration is closed; the address counts as verified. Raises WeakPassword, EmailTaken."""
    with transaction():
        user = services.register(
            email=email, password=password, display_name=display_name, timezone=timezone, is_open=True
        )
        audit.record(acting_for(user), "user.created", subject_id=user.id, by=BY)
    return user


def disable(email: str) -> Ended:
    """End all sessions of a user, revoke their API keys, and refuse their sign-in from now on. Raises UserUnknown.

    The sessions and the keys are rows that every request reads, so each process refuses them from the commit on.
    """
    with transaction():
        user = find(email, to_change=True)
        caller = acting_for(user)
        user.disabled_at = user.disabled_at or datetime.now(UTC)
        ended = Ended(sessions.end_all(user.id), api_keys.revoke_all(caller))
        audit.record(
            caller, "user.disabled", subject_id=user.id, by=BY, sessions=ended.sessions, api_keys=ended.api_keys
        )
    return ended


def enable(email: str) -> None:
    """Let a user sign in again. Raises UserUnknown."""
    with transaction():
        user = find(email, to_change=True)
        user.disabled_at = None
        audit.record(acting_for(user), "user.enabled", subject_id=user.id, by=BY)


def set_password(email: str, password: str) -> Ended:
    """Replace a user's password, end all their sessions and revoke their API keys. Raises UserUnknown, WeakPassword."""
    find(email)
    end_reading()
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    new_hash = passwords.hash_password(password)
    with transaction():
        user = find(email, to_change=True)
        user.password_hash, user.awaits_verification = new_hash, False
        return account_recovery.end_access(acting_for(user), user, by=BY)


def offer_reset(email: str, *, settings: Settings) -> str:
    """Returns how the user chooses a new password, once and within an hour. Raises UserUnknown."""
    with transaction():
        user = find(email, to_change=True)
        audit.record(acting_for(user), "password.reset_offered", by=BY)
        return messages.issue_reset(user, settings=settings)
