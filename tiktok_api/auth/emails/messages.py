"""Who gets which email, how many of them, and the tokens that some carry.

A request only enqueues an email; the worker finds out whether a user has the address. So a request costs the same for known
and unknown addresses, and a token exists nowhere but in the email: its SHA-256 is what is stored.

How many are sent is counted for each address and each network that asks. The first email that a network asks for in an hour
is always sent, so that no stranger elsewhere silences an address; further ones only while the address gets few in all.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from tiktok_api import clock
from tiktok_api.auth.emails import wording
from tiktok_api.auth.models import Email, EmailKind, Registration, User
from tiktok_api.db import db, in_transaction, new_id
from tiktok_api.encryption import hash_token
from tiktok_api.jobs import queue
from tiktok_api.settings import Settings

SEND = "auth.send_mail"
MOST_AN_HOUR = 20
"""Emails of one kind to one address: knowing an address must not be enough to flood its mailbox."""
MOST_FROM_ONE_SITE = {EmailKind.RESET: 5, EmailKind.KNOWN: 5}
"""Of those, from one network. Registrations are bounded where they are asked for, so that each has its email."""
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


def enqueue_registration(registration_id: UUID) -> None:
    """Have a registered address proven, or its owner told that it was registered before."""
    _enqueue("registered", str(registration_id), registration_id=str(registration_id))


def enqueue_reset(email_key: str, *, site: str) -> None:
    """Send a token for a new password, if the address is known. What is asked again before it is sent is sent once."""
    _enqueue("reset", hashlib.sha256(f"{email_key} {site}".encode()).hexdigest(), email_key=email_key, site=site)


def enqueue_notice(email_key: str, *, signed_out: str, keys: str) -> None:
    """Tell the user that the password was changed, and in two sentences what became of devices and API keys."""
    _enqueue("changed", str(new_id()), email_key=email_key, signed_out=signed_out, keys=keys)


def enqueue_loss(email_key: str) -> None:
    """Tell the user that another user has connected a TikTok account of theirs."""
    _enqueue("taken_over", str(new_id()), email_key=email_key)


def _enqueue(topic: str, key: str, **facts: str) -> None:
    owner_id = select(User.id).where(User.email_key == facts.get("email_key", "")).scalar_subquery()
    payload = {"topic": topic, **facts}
    queue.enqueue(SEND, due_at=clock.now(), owner_id=owner_id, unique_key=f"{SEND}:{topic}:{key}", payload=payload)


def draft(*, settings: Settings, topic: str, **facts: Any) -> Draft | None:
    """Add an email that is not sent yet. Returns None if there is nothing to say, or the address got enough of this kind."""
    match topic:
        case "registered":
            return _draft_for_registration(UUID(facts["registration_id"]), settings)
        case "reset":
            return _draft_reset(facts["email_key"], facts.get("site", ""), settings)
        case "changed":
            return _draft_notice(facts, settings)
        case "taken_over":
            return _draft(EmailKind.TAKEN_OVER, _find_user(facts["email_key"]), "", settings)
    return None  # of an older version: that registration has to be made again


def _draft_for_registration(registration_id: UUID, settings: Settings) -> Draft | None:
    registration = db.session.get(Registration, registration_id)
    if registration is None:  # another registration of the address was proven since
        return None
    user = _find_user(registration.email_key)
    if user is not None:
        return _draft(EmailKind.KNOWN, user, registration.site, settings)
    at = f"{registration.created_at:%Y-%m-%d %H:%M} UTC"
    return _draft(EmailKind.VERIFY, registration, registration.site, settings, at=at, network=registration.site)


def _draft_reset(email_key: str, site: str, settings: Settings) -> Draft | None:
    """A registration that is not proven yet may get a new password too: the owner of the mailbox decides about the address."""
    pending = select(Registration).where(Registration.email_key == email_key)
    to = _find_user(email_key) or db.session.scalar(pending.order_by(Registration.created_at.desc()).limit(1))
    return _draft(EmailKind.RESET, to, site, settings)


def _draft_notice(facts: dict[str, Any], settings: Settings) -> Draft | None:
    user = _find_user(facts["email_key"])
    said = {"signed_out": facts.get("signed_out", ""), "keys": facts.get("keys", "")}
    return _draft(EmailKind.CHANGED, user, "", settings, **said)


def _find_user(email_key: str) -> User | None:
    return db.session.scalar(select(User).where(User.email_key == email_key, User.awaits_verification.is_(False)))


def _draft(
    kind: EmailKind, to: User | Registration | None, site: str, settings: Settings, **facts: str
) -> Draft | None:
    if to is None or not _is_within_limits(kind, to, site):
        return None
    email, token = _add(to, kind, site)
    subject, text = wording.compose(kind, token, settings, **facts)
    return Draft(email.id, to.email, subject, text)


def issue_reset(user: User, *, settings: Settings) -> str:
    """Returns what an email would say of choosing a new password, for the operator to pass on: a link, or a request to send."""
    email, token = _add(user, EmailKind.RESET, "")
    email.sent_at = datetime.now(UTC)
    return wording.instructions(EmailKind.RESET, token, settings)


def _add(to: User | Registration, kind: EmailKind, site: str) -> tuple[Email, str | None]:
    """Add an email. Returns its row and its token, if the kind has one; the token is not stored."""
    token = secrets.token_urlsafe(_TOKEN_BYTES) if kind in LIFETIMES else None
    about = {"user_id": to.id} if isinstance(to, User) else {"registration_id": to.id}
    email = Email(
        **about,
        email_key=to.email_key,
        site=site,
        kind=kind,
        token_hash=hash_token(token) if token else None,
        bound_to=_fingerprint(to.password_hash),
        expires_at=datetime.now(UTC) + LIFETIMES.get(kind, timedelta(0)),
    )
    db.session.add(email)
    db.session.flush()
    return email, token


def mark_sent(email_id: UUID) -> None:
    """Count the email from now on."""
    db.session.execute(update(Email).where(Email.id == email_id).values(sent_at=datetime.now(UTC)))


def find_by_token(token: str) -> tuple[User, Email] | None:
    """Returns the user and the email of a reset's token that is still valid; inside a transaction both rows are locked."""
    query = select(User, Email).join(Email, Email.user_id == User.id).where(*_is_valid(token, EmailKind.RESET))
    row = db.session.execute(query.with_for_update(key_share=True) if in_transaction() else query).one_or_none()
    if row is None or row.Email.bound_to != _fingerprint(row.User.password_hash):
        return None
    return row.User, row.Email


def find_registration(token: str, kind: EmailKind = EmailKind.VERIFY) -> Registration | None:
    """Returns the registration whose email has this token, if that is still valid."""
    joined = select(Registration).join(Email, Email.registration_id == Registration.id)
    return db.session.scalar(joined.where(*_is_valid(token, kind)))


def sweep() -> None:
    """Delete emails that are too old to count and whose tokens have expired."""
    now = datetime.now(UTC)
    db.session.execute(delete(Email).where(Email.expires_at < now - _KEPT).execution_options(synchronize_session=False))


def _is_valid(token: str, kind: EmailKind) -> tuple[Any, ...]:
    return Email.token_hash == hash_token(token), Email.kind == kind, Email.expires_at > datetime.now(UTC)


def _is_within_limits(kind: EmailKind, to: User | Registration, site: str) -> bool:
    """Count the emails of the last hour. A token that a new password has ended opens nothing, and does not count."""
    if kind is EmailKind.CHANGED:  # a thief who changes the password often must not silence them
        return True
    query = select(Email.site).where(
        Email.email_key == to.email_key, Email.kind == kind, Email.sent_at > datetime.now(UTC) - timedelta(hours=1)
    )
    if isinstance(to, User):
        query = query.where(Email.bound_to == _fingerprint(to.password_hash))
    sent = list(db.session.scalars(query))
    from_here = sent.count(site)
    return not from_here or (from_here < MOST_FROM_ONE_SITE.get(kind, MOST_AN_HOUR) and len(sent) < MOST_AN_HOUR)


def _fingerprint(password_hash: str) -> str:
    """Returns a hash that identifies a password hash, for places that must not hold the password hash itself."""
    return hashlib.sha256(password_hash.encode()).hexdigest()
