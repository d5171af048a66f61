"""API keys: tokens for servers, with scopes, an expiry and a choice of accounts. They expire by the real clock, as sessions do."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select, update

from tiktok_api import events
from tiktok_api.auth import audit, sessions
from tiktok_api.auth.errors import (
    ApiKeyExpired,
    ExpiryPassed,
    InvalidToken,
    TooManyKeys,
    UnknownAccount,
)
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import ApiKey, User
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.db.reads import Given, reading
from tiktok_api.encryption import hash_token
from tiktok_api.errors import Invalid, NotFound, fault
from tiktok_api.web.pagination import Page, in_pages, read_page

PREFIX = "tk_"
DOMAINS = ("accounts", "media", "posts", "analytics", "webhooks")
"""What scopes can name; `auth` is not among them, because no key may manage users or keys."""
KEY_SCOPES = ("read", "write", *(f"{domain}:{action}" for domain in DOMAINS for action in ("read", "write")))
MOST_KEYS = 100
_TOKEN_BYTES = 32
_HINT_LENGTH = len(PREFIX) + 6
_USE_RECORDED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key with its token, which is stored nowhere."""

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
    """Add a key of the caller's; call it inside a transaction.

    Raises TooManyKeys, ExpiryPassed, UnknownAccount, UserDisabled, SessionEnded.
    """
    check_request(caller, account_ids=account_ids or (), expires_at=expires_at)
    sessions.lock_enabled_user(caller.user_id)  # also so that of two requests at once only one takes the last place
    if caller.session_id is not None:  # not the operator
        sessions.must_still_be_valid(caller)
    count = db.session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.user_id == caller.user_id))
    if (count or 0) >= MOST_KEYS:
        raise TooManyKeys(most=MOST_KEYS)
    token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    key = ApiKey(
        user_id=caller.user_id,
        name=name,
        token_hash=hash_token(token),
        hint=token[:_HINT_LENGTH],
        scopes=[scope for scope in KEY_SCOPES if scope in scopes],
        account_ids=None if account_ids is None else sorted({str(account_id) for account_id in account_ids}),
        expires_at=expires_at,
    )
    db.session.add(key)
    db.session.flush()
    audit.record(caller, "api_key.created", subject_id=key.id, name=name, hint=key.hint, scopes=key.scopes)
    return NewKey(
        key.id, name, key.hint, key.scopes, key.account_ids, expires_at, None, created_at=key.created_at, token=token
    )


def check_request(caller: Identity, *, account_ids: Sequence[UUID], expires_at: datetime | None) -> None:
    """Raises ExpiryPassed or UnknownAccount, for both faults Invalid, with every fault."""
    passed = expires_at is not None and expires_at <= datetime.now(UTC)
    faults = [_fault("/expires_at", ExpiryPassed)] if passed else []
    try:
        _check_accounts(caller, account_ids)
    except UnknownAccount as unknown:
        if faults:
            raise Invalid(errors=[*faults, *unknown.extra["errors"]]) from None
        raise
    if faults:
        raise ExpiryPassed(errors=faults)


_KEYS = (ApiKey.created_at, ApiKey.id)


@reading
def _keys(given: Given) -> Select[Any]:
    columns: list[Any] = [
        ApiKey.id,
        ApiKey.name,
        ApiKey.hint,
        ApiKey.scopes,
        ApiKey.account_ids,
        ApiKey.expires_at,
        ApiKey.last_used_at,
        ApiKey.created_at,
    ]
    return in_pages(select(*columns).where(ApiKey.user_id == given["user_id"]), given, _KEYS)


def list_keys(caller: Identity, args: dict[str, Any]) -> Page:
    """Returns a page of the caller's keys, including expired ones until they are deleted. Raises InvalidCursor."""
    return read_page(_keys, args, by=_KEYS, user_id=caller.user_id)


def revoke(caller: Identity, key_id: UUID) -> None:
    """Delete a key, which is refused from the commit on. Raises NotFound."""
    revoked = delete(ApiKey).where(ApiKey.id == key_id, ApiKey.user_id == caller.user_id)
    row = db.session.execute(revoked.returning(ApiKey.name, ApiKey.hint)).one_or_none()
    if row is None:
        raise NotFound
    audit.record(caller, "api_key.revoked", subject_id=key_id, name=row.name, hint=row.hint)


def revoke_all(caller: Identity) -> int:
    """Delete every key of the caller's. Returns how many there were."""
    revoked = delete(ApiKey).where(ApiKey.user_id == caller.user_id).returning(ApiKey.id, ApiKey.name, ApiKey.hint)
    rows = db.session.execute(revoked.execution_options(synchronize_session=False)).all()
    for row in rows:
        audit.record(caller, "api_key.revoked", subject_id=row.id, name=row.name, hint=row.hint)
    return len(rows)


@reading
def _key(given: Given) -> Select[Any]:
    columns: list[Any] = [
        ApiKey.id,
        ApiKey.user_id,
        ApiKey.scopes,
        ApiKey.account_ids,
        ApiKey.expires_at,
        ApiKey.last_used_at,
        User.timezone,
        User.disabled_at,
    ]
    query = select(*columns).join(User, User.id == ApiKey.user_id)
    return query.where(ApiKey.token_hash == given["token_hash"])


def authenticate(token: str, *, address: str) -> Identity:
    """Returns the identity behind a key, by one indexed query. Raises InvalidToken, ApiKeyExpired."""
    row = _key.first(token_hash=hash_token(token))
    if row is None or row.disabled_at is not None:
        raise InvalidToken
    now = datetime.now(UTC)
    if row.expires_at is not None and row.expires_at <= now:
        raise ApiKeyExpired
    if row.last_used_at is None or row.last_used_at < now - _USE_RECORDED_EVERY:
        _record_use(row.id, now)
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
    """Delete the keys that have expired."""
    db.session.execute(delete(ApiKey).where(ApiKey.expires_at <= datetime.now(UTC)))


def _record_use(key_id: UUID, now: datetime) -> None:
    """Write down the use at most once a minute, also with many processes: a write costs more than the request."""
    end_reading()
    is_due = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - _USE_RECORDED_EVERY)
    recorded = update(ApiKey).where(ApiKey.id == key_id, is_due).values(last_used_at=now)
    with transaction() as session:
        session.execute(recorded.execution_options(synchronize_session=False))


def _check_accounts(caller: Identity, account_ids: Sequence[UUID]) -> None:
    """Ask the higher domain about accounts. Raises UnknownAccount with a fault for each that is not the caller's."""
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
