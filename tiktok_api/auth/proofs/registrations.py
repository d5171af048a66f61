"""Registrations whose address is still to be proven.

Each registration is a row with its own password and its own e-mail. The token of that e-mail makes a user of that registration
and ends every other one of the address, so that none can change, replace or silence another.
"""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from tiktok_api import clock
from tiktok_api.auth import audit, passwords
from tiktok_api.auth.emails import messages
from tiktok_api.auth.errors import LinkNotValid, RegistrationClosed
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import Registration, User
from tiktok_api.auth.proofs.addresses import email_key, site_of
from tiktok_api.db import db, insert_into, new_id, transaction

KEPT = timedelta(days=7)
_UNNAMED = {"display_name": "", "timezone": "UTC"}


class Pending(NamedTuple):
    """A registration as signing in sees it."""

    id: UUID
    password_hash: str


def register(
    *, email: str, password: str, display_name: str, timezone: str, address: str, is_open: bool
) -> Registration:
    """Register an address that must be proven: the same work and the same result for known and unknown ones.

    `address` is the client's. Opens its own transaction, because hashing is slow. Raises RegistrationClosed, WeakPassword.
    """
    person = described(email=email, password=password, display_name=display_name, timezone=timezone, is_open=is_open)
    registration = Registration(site=site_of(address), **person)
    with transaction() as session:
        session.add(registration)
        session.flush()
        messages.enqueue_registration(registration.id)
    return registration


def described(*, email: str, password: str, display_name: str, timezone: str, is_open: bool) -> dict[str, str]:
    """Returns the columns of a person who registers, proven or not. Raises RegistrationClosed, WeakPassword.

    Hashing is slow: call it outside any transaction that others wait for.
    """
    if not is_open:
        raise RegistrationClosed
    passwords.must_be_hard_to_guess(password, email=email, pointer="/password")
    return {
        "email": email.strip(),
        "email_key": email_key(email),
        "password_hash": passwords.hash_password(password),
        "display_name": display_name,
        "timezone": timezone,
    }


def find(key: str, *, address: str) -> Pending | None:
    """Returns the registration of this address with which a client may want to sign in.

    It is the newest from where the client is, else the newest: what is registered elsewhere changes nothing for the client.
    """
    columns = select(Registration.id, Registration.password_hash).where(Registration.email_key == key)
    is_here = Registration.site == site_of(address)
    order = (is_here.desc(), Registration.created_at.desc(), Registration.id.desc())
    row = db.session.execute(columns.order_by(*order).limit(1)).one_or_none()
    return Pending(*row) if row else None


def prove(token: str, *, address: str) -> None:
    """Make a user of the registration whose e-mail has this token. Call it inside a transaction. Raises LinkNotValid."""
    registration = messages.find_registration(token)
    if registration is None:
        raise LinkNotValid.at("/token")
    user = accept(registration)
    audit.record(Identity(user.id, None, address=address), "email.verified")


def accept(registration: Registration, *, new_hash: str | None = None) -> User:
    """Make a user of a registration, and end all others of its address. Raises LinkNotValid if it has ended.

    With a new password, nothing else of the registration counts either: the person need not be who registered. The unique
    address decides which of several at once comes first; nothing is locked before, so that none waits for another.
    """
    chosen = {"display_name": registration.display_name, "timezone": registration.timezone}
    chosen |= (
        {"password_hash": registration.password_hash} if new_hash is None else _UNNAMED | {"password_hash": new_hash}
    )
    key, registration_id = registration.email_key, registration.id
    _delete_unproven_user(key)
    values = {"id": new_id(), "created_at": clock.now(), "email": registration.email, "email_key": key, **chosen}
    insertion = insert_into(User).values(awaits_verification=False, **values)
    added = db.session.scalar(insertion.on_conflict_do_nothing(index_elements=["email_key"]).returning(User.id))
    if added is None or registration_id not in end_all(key):
        raise LinkNotValid.at("/token")
    return db.session.get_one(User, added)


def end_all(key: str) -> set[UUID]:
    """End every registration of an address, and the tokens of their e-mails. Returns which there were."""
    ended = delete(Registration).where(Registration.email_key == key).returning(Registration.id)
    return set(db.session.scalars(ended.execution_options(synchronize_session=False)))


def sweep() -> None:
    """Delete registrations that were not proven in time, and users of older versions that never were."""
    long_ago = clock.now() - KEPT
    over: list[Any] = [
        delete(Registration).where(Registration.created_at < long_ago),
        delete(User).where(User.awaits_verification.is_(True), User.created_at < long_ago),
    ]
    for statement in over:
        db.session.execute(statement.execution_options(synchronize_session=False))


def _delete_unproven_user(key: str) -> None:
    """Delete the user that an older version has made of an unproven registration; they never signed in, so they own nothing."""
    unproven = delete(User).where(User.email_key == key, User.awaits_verification.is_(True))
    db.session.execute(unproven.execution_options(synchronize_session=False))
