"""API keys: tokens for servers, with scopes, an end and a choice of accounts. They live by the real clock, as sessions do."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select, update

from tiktok_api import events
from tiktok_api.auth import audit
from tiktok_api.auth.errors import (
    ApiKeyExpired,
    ExpiryPassed,
    InvalidToken,
    TooManyKeys,
    UnknownAccount,
    UserDisabled,
)
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import ApiKey, User
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.errors import Invalid, NotFound, fault

PREFIX = "tk_"
DOMAINS = ("accounts", "media", "posts", "analytics", "webhooks")
"""What scopes can name; `auth` is not among them, because no key may manage people or keys."""
SCOPES = ("read", "write", *(f"{domain}:{action}" for domain in DOMAINS for action in ("read", "write")))
MOST = 100
_TOKEN_BYTES = 32
_HINT_LETTERS = len(PREFIX) + 6
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, and the only sight of its token."""

    id: UUID
    name: str
    hint: str
    scopes: list[str]
    account_ids: list[str] | None
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    token: str


def issue(
    caller: Identity,
    *,
    name: str,
    scopes: Sequence[str],
    account_ids: Sequence[UUID] | None,
    expires_at: datetime | None,
) -> NewKey:
    """A new key of the caller's; call it inside a transaction. Raises TooManyKeys, ExpiryPassed, UnknownAccount,
    UserDisabled.
    """
    must_be_possible(caller, account_ids=account_ids or (), expires_at=expires_at)
    # The user's row is locked, so that two at once do not both see room for one, and none is made for a disabled user.
    locked = select(User.disabled_at).where(User.id == caller.user_id).with_for_update()
    if db.session.scalar(locked) is not None:
        raise UserDisabled
    count = db.session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.user_id == caller.user_id))
    if (count or 0) >= MOST:
        raise TooManyKeys(most=MOST)
    token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    key = ApiKey(
        user_id=caller.user_id,
        name=name,
        token_hash=_hash(token),
        hint=token[:_HINT_LETTERS],
        scopes=[scope for scope in SCOPES if scope in scopes],
        account_ids=None if account_ids is None else sorted({str(account_id) for account_id in account_ids}),
        expires_at=expires_at,
    )
    db.session.add(key)
    db.session.flush()
    audit.record(caller, "api_key.created", subject_id=key.id, name=name, hint=key.hint, scopes=key.scopes)
    return NewKey(
        key.id, name, key.hint, key.scopes, key.account_ids, expires_at, None, created_at=key.created_at, token=token
    )


def must_be_possible(caller: Identity, *, account_ids: Sequence[UUID], expires_at: datetime | None) -> None:
    """Raises ExpiryPassed or UnknownAccount, or with both Invalid, with every fault."""
    passed = expires_at is not None and expires_at <= datetime.now(UTC)
    faults = [_fault("/expires_at", ExpiryPassed)] if passed else []
    try:
        _must_be_theirs(caller, account_ids)
    except UnknownAccount as unknown:
        if faults:
            raise Invalid(errors=[*faults, *unknown.extra["errors"]]) from None
        raise
    if faults:
        raise ExpiryPassed(errors=faults)


def issued(caller: Identity) -> Select[ApiKey]:
    """A select of the caller's keys, expired ones too until they are swept."""
    return select(ApiKey).where(ApiKey.user_id == caller.user_id)


def revoke(caller: Identity, key_id: UUID) -> None:
    """Refuse a key from the moment this is committed. Raises NotFound."""
    revoked = delete(ApiKey).where(ApiKey.id == key_id, ApiKey.user_id == caller.user_id)
    row = db.session.execute(revoked.returning(ApiKey.name, ApiKey.hint)).one_or_none()
    if row is None:
        raise NotFound
    audit.record(caller, "api_key.revoked", subject_id=key_id, name=row.name, hint=row.hint)


def revoke_all(caller: Identity) -> int:
    """Refuse every key of the caller's from the moment this is committed. Returns how many there were."""
    theirs = select(ApiKey.id).where(ApiKey.user_id == caller.user_id)
    ids = list(db.session.scalars(theirs))
    for key_id in ids:
        revoke(caller, key_id)
    return len(ids)


def recognise(token: str, *, address: str) -> Identity:
    """Whose key it is, in one indexed look-up. Raises InvalidToken, ApiKeyExpired."""
    query = select(
        ApiKey.id,
        ApiKey.user_id,
        ApiKey.scopes,
        ApiKey.account_ids,
        ApiKey.expires_at,
        ApiKey.last_used_at,
        User.timezone,
        User.disabled_at,
    )
    row = db.session.execute(
        query.join(User, User.id == ApiKey.user_id).where(ApiKey.token_hash == _hash(token))
    ).one_or_none()
    if row is None or row.disabled_at is not None:
        raise InvalidToken
    now = datetime.now(UTC)
    if row.expires_at is not None and row.expires_at <= now:
        raise ApiKeyExpired
    if row.last_used_at is None or row.last_used_at < now - _USE_NOTED_EVERY:
        _note_use(row.id, now)
    return Identity(
        row.user_id,
        None,
        row.timezone,
        scopes=frozenset(row.scopes),
        account_ids=None if row.account_ids is None else frozenset(map(UUID, row.account_ids)),
        key_id=row.id,
        address=address,
    )


def sweep() -> None:
    """Forget the keys that have expired."""
    db.session.execute(delete(ApiKey).where(ApiKey.expires_at <= datetime.now(UTC)))


def _note_use(key_id: UUID, now: datetime) -> None:
    """Once a minute at most, whoever else is at it: a write for each request would cost more than the request."""
    end_reading()
    is_due = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - _USE_NOTED_EVERY)
    noted = update(ApiKey).where(ApiKey.id == key_id, is_due).values(last_used_at=now)
    with transaction() as session:
        session.execute(noted.execution_options(synchronize_session=False))


def _must_be_theirs(caller: Identity, account_ids: Sequence[UUID]) -> None:
    """Accounts are a higher domain's; it is asked. Raises UnknownAccount at each one that is not the caller's."""
    if not account_ids:
        return
    known = set[UUID]().union(*events.ask("accounts.named", caller=caller, ids=account_ids))
    faults = [
        _fault(f"/account_ids/{index}", UnknownAccount)
        for index, account_id in enumerate(account_ids)
        if account_id not in known
    ]
    if faults:
        raise UnknownAccount(errors=faults)


def _fault(pointer: str, kind: type[Any]) -> dict[str, str]:
    return fault(kind.code, kind.message, pointer=pointer)


def _hash(token: str) -> str:
    """Unsalted and fast on purpose: 256 random bits cannot be guessed, and the hash is what is looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
