"""What each email says, who gets it, and the tokens that some of them carry.

A request only enqueues an email to an address; the worker finds out whether a user has that address. So a request costs
the same for known and unknown addresses, and a token exists nowhere but in the email: its SHA-256 is what is stored.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update

from tiktok_api import clock
from tiktok_api.auth.models import Email, EmailKind, User
from tiktok_api.db import db
from tiktok_api.jobs import queue
from tiktok_api.settings import Settings

SEND = "auth.send_mail"
MOST_AN_HOUR = 5
"""Emails of one kind to one user: knowing an address must not be enough to flood its mailbox."""
LIFETIMES = {EmailKind.VERIFY: timedelta(days=1), EmailKind.RESET: timedelta(hours=1)}
_KEPT = timedelta(days=1)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Draft:
    """An email that is ready to be sent."""

    id: UUID
    to: str
    subject: str
    text: str


def enqueue_welcome(email_key: str, *, password_hash: str) -> None:
    """Have a registered address verified, or its owner told that it was registered before."""
    _enqueue("welcome", email_key, bound_to=_fingerprint(password_hash))


def enqueue_reset(email_key: str) -> None:
    """Send a token for a new password, if a user has this address."""
    _enqueue("reset", email_key)


def enqueue_notice(email_key: str) -> None:
    """Tell the user that the password was changed."""
    _enqueue("changed", email_key)


def enqueue_loss(email_key: str) -> None:
    """Tell the user that another user has connected a TikTok account of theirs."""
    _enqueue("taken_over", email_key)


def _enqueue(topic: str, email_key: str, **facts: str) -> None:
    # One job for each address and topic: what is requested again before it is sent is sent once.
    key = f"{SEND}:{topic}:{hashlib.sha256(email_key.encode()).hexdigest()}"
    owner_id = select(User.id).where(User.email_key == email_key).scalar_subquery()
    payload = {"topic": topic, "email_key": email_key, **facts}
    queue.enqueue(SEND, due_at=clock.now(), owner_id=owner_id, unique_key=key, payload=payload)


def draft(topic: str, email_key: str, *, settings: Settings, bound_to: str | None = None) -> Draft | None:
    """Add an email that is not sent yet. Returns None if no user has the address or the user got enough of this kind."""
    user = db.session.scalar(select(User).where(User.email_key == email_key))
    kind = _kind_for(topic, user, bound_to) if user else None
    if user is None or kind is None or _count_recent(user.id, kind) >= MOST_AN_HOUR:
        return None
    email, token = _add(user, kind)
    subject, text = _WORDS[kind]
    instructions = _instructions(kind, token, settings)
    return Draft(email.id, user.email, subject, text.format(instructions=instructions, url=settings.public_url))


def issue_reset(user: User, *, settings: Settings) -> str:
    """Returns what an email would say of choosing a new password, for the operator to pass on: a link, or a request to send."""
    email, token = _add(user, EmailKind.RESET)
    email.sent_at = datetime.now(UTC)
    return _instructions(EmailKind.RESET, token, settings)


def _add(user: User, kind: EmailKind) -> tuple[Email, str | None]:
    """Add an email. Returns its row and its token, if the kind has one; the token is not stored."""
    token = secrets.token_urlsafe(_TOKEN_BYTES) if kind in LIFETIMES else None
    email = Email(
        user_id=user.id,
        kind=kind,
        token_hash=_hash(token) if token else None,
        bound_to=_fingerprint(user.password_hash),
        expires_at=datetime.now(UTC) + LIFETIMES.get(kind, timedelta(0)),
    )
    db.session.add(email)
    db.session.flush()
    return email, token


def mark_sent(email_id: UUID) -> None:
    """Count the email from now on."""
    db.session.execute(update(Email).where(Email.id == email_id).values(sent_at=datetime.now(UTC)))


def find_by_token(token: str, kind: EmailKind) -> tuple[User, Email] | None:
    """Returns the user and the email of a token that is still valid; inside a transaction both rows are locked."""
    row = db.session.execute(
        select(User, Email)
        .join(Email, Email.user_id == User.id)
        .where(Email.token_hash == _hash(token), Email.kind == kind, Email.expires_at > datetime.now(UTC))
        .with_for_update()
    ).one_or_none()
    if row is None or row.Email.bound_to != _fingerprint(row.User.password_hash):
        return None
    return row.User, row.Email


def sweep() -> None:
    """Delete emails that are too old to count and whose tokens have expired."""
    now = datetime.now(UTC)
    db.session.execute(delete(Email).where(Email.expires_at < now - _KEPT).execution_options(synchronize_session=False))


def _kind_for(topic: str, user: User, bound_to: str | None) -> EmailKind | None:
    match topic:
        case "reset":
            return EmailKind.RESET
        case "changed":
            return EmailKind.CHANGED
        case "taken_over":
            return EmailKind.TAKEN_OVER
    is_as_registered = bound_to == _fingerprint(user.password_hash)
    if user.awaits_verification:
        return EmailKind.VERIFY if is_as_registered else None  # registered again since: that email is on its way
    return None if is_as_registered else EmailKind.KNOWN


def _count_recent(user_id: UUID, kind: EmailKind) -> int:
    since = datetime.now(UTC) - timedelta(hours=1)
    recent = (Email.user_id == user_id, Email.kind == kind, Email.sent_at > since)
    return db.session.scalar(select(func.count()).select_from(Email).where(*recent)) or 0


def _instructions(kind: EmailKind, token: str | None, settings: Settings) -> str:
    """Returns what to do with the token: a link if there is a frontend, else the request to send."""
    if token is None:
        return ""
    page, path, more = {
        EmailKind.VERIFY: ("verify-email", "email/verify", ""),
        EmailKind.RESET: ("reset-password", "password/reset", ', "password": "…"'),
    }[kind]
    if settings.frontend_url:  # behind a #, so that the token is in no server's log
        return f"{settings.frontend_url}/{page}#token={token}"
    return f'POST {settings.public_url}/api/v1/auth/{path}\n{{"token": "{token}"{more}}}'


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _fingerprint(password_hash: str) -> str:
    """Returns a hash that identifies a password hash, for places that must not hold the password hash itself."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


_WORDS = {
    EmailKind.VERIFY: (
        "Please confirm your address",
        """\
This address was registered at {url}, most likely by you. To confirm that it is yours:

{instructions}

This works once, within 24 hours. If it was not you, do nothing: without it the address cannot sign in.
""",
    ),
    EmailKind.RESET: (
        "Choose a new password",
        """\
A new password was requested for your account at {url}, most likely by you:

{instructions}

This works once, within an hour, and signs out every device. If it was not you, do nothing: your password stays as it is.
""",
    ),
    EmailKind.KNOWN: (
        "You are registered already",
        """\
This address was used to register at {url}, most likely by you. It is registered already: sign in, or ask for a new password
if you forgot yours. If it was not you, do nothing: nothing has changed.
""",
    ),
    EmailKind.CHANGED: (
        "Your password was changed",
        """\
The password of your account at {url} was changed, and other devices were signed out. If it was not you, ask for a
new password at once and look at your API keys.
""",
    ),
    EmailKind.TAKEN_OVER: (
        "A TikTok account of yours was connected by another user",
        """\
TikTok's authorisation for an account that you had connected at {url} had ended, and the person who signed in to it at TikTok
has connected it as another user. You keep its posts and numbers; what was scheduled for it is cancelled. Your list of accounts
and your audit trail say which one it is. If it is yours, remove the app in TikTok's settings and connect it again.
""",
    ),
}
