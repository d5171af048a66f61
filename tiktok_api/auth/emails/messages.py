"""What is written to people, and the tokens that some letters carry.

A request only promises a letter to an address; whether anybody lives there is found out by the worker. So a request costs
the same for known and unknown addresses, and a token exists nowhere but in the letter: kept is its SHA-256.
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
"""Letters of one kind to one person: nobody's mailbox is to be flooded by others who know their address."""
LIFETIMES = {EmailKind.VERIFY: timedelta(days=1), EmailKind.RESET: timedelta(hours=1)}
_KEPT = timedelta(days=1)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that is ready to be sent."""

    id: UUID
    to: str
    subject: str
    text: str


def promise_welcome(email_key: str, *, password_hash: str) -> None:
    """Write to whoever registered: to verify the address, or that they are known already."""
    _promise("welcome", email_key, bound_to=_fingerprint(password_hash))


def promise_reset(email_key: str) -> None:
    """Write to whoever forgot a password, if there is such a person."""
    _promise("reset", email_key)


def promise_notice(email_key: str) -> None:
    """Write that the password was changed."""
    _promise("changed", email_key)


def _promise(topic: str, email_key: str, **facts: str) -> None:
    # One promise for each address and topic: what is asked for again before it is written is written once.
    key = f"{SEND}:{topic}:{hashlib.sha256(email_key.encode()).hexdigest()}"
    queue.enqueue(SEND, due_at=clock.now(), unique_key=key, payload={"topic": topic, "email_key": email_key, **facts})


def draft(topic: str, email_key: str, *, settings: Settings, bound_to: str | None = None) -> Draft | None:
    """The letter to write, on record but not sent yet; None: there is nobody to write to, or they got enough of them."""
    user = db.session.scalar(select(User).where(User.email_key == email_key))
    kind = _kind_for(topic, user, bound_to) if user else None
    if user is None or kind is None or _count_recent(user.id, kind) >= MOST_AN_HOUR:
        return None
    letter, token = _record(user, kind)
    subject, text = _WORDS[kind]
    return Draft(letter.id, user.email, subject, text.format(how=_how(kind, token, settings), url=settings.public_url))


def hand_over_reset(user: User, *, settings: Settings) -> str:
    """How the user chooses a new password, for the operator to pass on instead of a letter: a link, or a request to send."""
    letter, token = _record(user, EmailKind.RESET)
    letter.sent_at = datetime.now(UTC)
    return _how(EmailKind.RESET, token, settings)


def _record(user: User, kind: EmailKind) -> tuple[Email, str | None]:
    """A letter on record, and the only sight of its token, if the kind has one."""
    token = secrets.token_urlsafe(_TOKEN_BYTES) if kind in LIFETIMES else None
    letter = Email(
        user_id=user.id,
        kind=kind,
        token_hash=_hash(token) if token else None,
        bound_to=_fingerprint(user.password_hash),
        expires_at=datetime.now(UTC) + LIFETIMES.get(kind, timedelta(0)),
    )
    db.session.add(letter)
    db.session.flush()
    return letter, token


def note_sent(letter_id: UUID) -> None:
    """From now on it counts."""
    db.session.execute(update(Email).where(Email.id == letter_id).values(sent_at=datetime.now(UTC)))


def find(token: str, kind: EmailKind) -> tuple[User, Email] | None:
    """Whose token it is, if it still is worth anything; inside a transaction both rows are locked."""
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
    """Forget letters that neither count nor open anything any more."""
    now = datetime.now(UTC)
    db.session.execute(delete(Email).where(Email.expires_at < now - _KEPT).execution_options(synchronize_session=False))


def _kind_for(topic: str, user: User, bound_to: str | None) -> EmailKind | None:
    match topic:
        case "reset":
            return EmailKind.RESET
        case "changed":
            return EmailKind.CHANGED
    is_as_registered = bound_to == _fingerprint(user.password_hash)
    if user.awaits_verification:
        return EmailKind.VERIFY if is_as_registered else None  # registered again since: that one's letter is on its way
    return None if is_as_registered else EmailKind.KNOWN


def _count_recent(user_id: UUID, kind: EmailKind) -> int:
    since = datetime.now(UTC) - timedelta(hours=1)
    recent = (Email.user_id == user_id, Email.kind == kind, Email.sent_at > since)
    return db.session.scalar(select(func.count()).select_from(Email).where(*recent)) or 0


def _how(kind: EmailKind, token: str | None, settings: Settings) -> str:
    """What to do with the token: a link where there is a frontend, else the request to send."""
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
    """Stands for a password hash where that itself has no business."""
    return hashlib.sha256(password_hash.encode()).hexdigest()


_WORDS = {
    EmailKind.VERIFY: (
        "Please confirm your address",
        """\
Somebody, most likely you, registered with this address at {url}. To confirm that it is yours:

{how}

This works once, within 24 hours. If it was not you, do nothing: without it nobody can sign in.
""",
    ),
    EmailKind.RESET: (
        "Choose a new password",
        """\
Somebody, most likely you, wants to choose a new password at {url}:

{how}

This works once, within an hour, and signs out every device. If it was not you, do nothing: your password stays as it is.
""",
    ),
    EmailKind.KNOWN: (
        "You are registered already",
        """\
Somebody, most likely you, tried to register with this address at {url}. It is registered already: sign in, or ask for a new
password if you forgot yours. If it was not you, do nothing: nothing has changed.
""",
    ),
    EmailKind.CHANGED: (
        "Your password was changed",
        """\
The password of your account at {url} was changed, and other devices were signed out. If it was not you, ask for a
new password at once and look at your API keys.
""",
    ),
}
