"""Tokens at rest, and their renewal: one per expiry, however many workers and processes ask.

TikTok's refresh tokens are good for one use. Whoever finds a pair due takes a lease on the row by compare-and-set, asks
TikTok outside any transaction and stores the new pair before anybody uses it; the others wait for the row. If the
process dies between TikTok's answer and our commit, the lease runs out, the next renewal is answered `invalid_grant`,
and the account is marked for reconnection.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import or_, select, update

from tiktok_api import clock, events
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import CONNECTED, Account, AccountStatus
from tiktok_api.db import database_now, db, end_reading, in_transaction, transaction
from tiktok_api.encryption import DecryptionFailed, Encryptor
from tiktok_api.errors import NotFound
from tiktok_api.jobs import queue
from tiktok_api.tiktok import (
    AccessRevoked,
    AccessTokenInvalid,
    GrantInvalid,
    NoUsableToken,
    ScopeMissing,
    TikTokBusy,
    TikTokClient,
    TikTokRefusal,
    TikTokUnreachable,
    TokenGrant,
)

log = structlog.get_logger(__name__)

RENEW = "accounts.renew"
MARGIN = timedelta(minutes=10)
LEASE = timedelta(seconds=60)
"""Longer than the client lets an exchange last (35 s): two at once would spend the same refresh token."""
PATIENCE_SECONDS = 45.0
RENEW_AFTER = 0.75
"""The share of a token's life after which it is renewed in the background: 6 h early of 24 h, 30 min of 2 h."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
_ANY_MARGIN = timedelta(days=36_500)

GRANT_REJECTED = "grant_rejected"
TOKEN_UNREADABLE = "token_unreadable"  # noqa: S105 - a reason, no secret
_UNREADABLE = "The account's tokens cannot be read with any key of this server: put its key back, or connect it again."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Row:
    """What one look at the account saw."""

    status: AccountStatus
    status_reason: str | None
    token_version: int
    access_token_encrypted: bytes
    access_expires_at: datetime
    renew_at: datetime
    refresh_leased_until: datetime | None
    is_leased: bool

    def is_due(self, margin: timedelta) -> bool:
        """Whether the token lives no longer than `margin`. A short-lived one is not due all the time for that."""
        return clock.now() >= max(self.renew_at, self.access_expires_at - margin)


@dataclass(frozen=True, slots=True)
class _Lease:
    """The right to spend one refresh token."""

    account_id: UUID
    token_version: int
    epoch: int
    refresh_token_encrypted: bytes
    asked_at: datetime


def usable_token(
    account_id: UUID,
    *,
    tiktok: TikTokClient,
    encryptor: Encryptor,
    margin: timedelta = MARGIN,
    patience_seconds: float = PATIENCE_SECONDS,
) -> str:
    """An access token that lives longer than `margin`, renewed if need be; call it outside any transaction.

    While another worker renews it, that one's result is waited for, but not longer than `patience_seconds`.
    Raises AccountNeedsReconnection, NotFound, and where TikTok gives no usable answer TikTokUnreachable (NoUsableToken
    among them) and TikTokBusy, which say nothing about the account: only `invalid_grant` does.
    """
    row = _look(account_id)
    if row.is_due(margin):
        return _next_token(account_id, row, tiktok, encryptor, patience_seconds)
    end_reading()
    return _open_access_token(account_id, row, encryptor)


def renew(account_id: UUID, rejected_token: str, *, tiktok: TikTokClient, encryptor: Encryptor) -> str:
    """Another access token than the one that TikTok just rejected; somebody may have fetched it already.

    Raises as `usable_token` does.
    """
    row = _look(account_id)
    token = _open_access_token(account_id, row, encryptor)
    return _next_token(account_id, row, tiktok, encryptor) if token == rejected_token else token


def with_token(account_id: UUID, act: Callable[[str], T], *, tiktok: TikTokClient, encryptor: Encryptor) -> T:
    """What `act(access_token)` answers; a token that TikTok rejects is renewed once and `act` repeated once.

    A renewal that worked proves that the grant stands: a token that is rejected right after it raises NoUsableToken.
    Raises as `usable_token` and `act` do, but never AccessTokenInvalid.
    """
    token = usable_token(account_id, tiktok=tiktok, encryptor=encryptor)
    try:
        return act(token)
    except AccessTokenInvalid:
        renewed = renew(account_id, token, tiktok=tiktok, encryptor=encryptor)
    try:
        return act(renewed)
    except AccessTokenInvalid as error:
        raise NoUsableToken.because_of(error) from error


def renew_early(account_id: UUID, *, tiktok: TikTokClient, encryptor: Encryptor) -> datetime:
    """Renew a pair that is old enough, long before anybody must wait for it; answers when the next one will be.

    Raises as `usable_token` does.
    """
    usable_token(account_id, tiktok=tiktok, encryptor=encryptor, margin=_ANY_MARGIN)
    row = _look(account_id)
    end_reading()
    return row.renew_at


def put(account: Account, grant: TokenGrant, *, asked_at: datetime, encryptor: Encryptor) -> None:
    """Keep a pair that TikTok gave for a question asked at `asked_at`; the account can be used (again).

    What renewals in flight bring back is fenced off by the new version.
    """
    account.access_token_encrypted = _seal(encryptor, grant.access_token, account.id, "access_token_encrypted")
    account.refresh_token_encrypted = _seal(encryptor, grant.refresh_token, account.id, "refresh_token_encrypted")
    lifetime = timedelta(seconds=grant.expires_in)
    account.access_expires_at = asked_at + lifetime
    account.renew_at = asked_at + lifetime * RENEW_AFTER
    account.refresh_expires_at = asked_at + timedelta(seconds=grant.refresh_expires_in)
    queue.enqueue(RENEW, due_at=account.renew_at, subject=account.id)
    account.scopes = list(grant.scopes) or account.scopes
    account.token_version = (account.token_version or 0) + 1
    account.refresh_leased_until = None
    if account.status is not AccountStatus.ACTIVE:
        account.status, account.status_reason, account.updated_at = AccountStatus.ACTIVE, None, asked_at


def take_out(account: Account, encryptor: Encryptor) -> tuple[str, str]:
    """The access and the refresh token, for saying goodbye. Raises DecryptionFailed."""
    return (
        _open(encryptor, account.access_token_encrypted, account.id, "access_token_encrypted"),
        _open(encryptor, account.refresh_token_encrypted, account.id, "refresh_token_encrypted"),
    )


def mark(account: Account, status: AccountStatus, reason: str) -> None:
    """Say that the account cannot be used, and tell whoever has plans for it."""
    if account.status is status:
        return
    account.status, account.status_reason = status, reason
    account.updated_at = clock.now()
    log.warning("account.marked", account=str(account.id), status=status, reason=reason)
    events.announce("account.expired", account=account)


def _look(account_id: UUID) -> _Row:
    if in_transaction():
        raise RuntimeError("a token may have to be fetched over the network: ask for it outside any transaction")
    found = db.session.execute(
        select(
            Account.status,
            Account.status_reason,
            Account.token_version,
            Account.access_token_encrypted,
            Account.access_expires_at,
            Account.renew_at,
            Account.refresh_leased_until,
            (Account.refresh_leased_until.is_not(None) & (Account.refresh_leased_until >= database_now())),
        ).where(Account.id == account_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    row = _Row(*found)
    if row.status not in CONNECTED:
        raise AccountNeedsReconnection(reason=row.status_reason)
    return row


def _next_token(
    account_id: UUID, row: _Row, tiktok: TikTokClient, encryptor: Encryptor, patience_seconds: float = PATIENCE_SECONDS
) -> str:
    """The access token of the version after `row`'s: fetched here, or awaited where another worker is at it."""
    version, is_waiting, pause = row.token_version, False, _FIRST_PAUSE
    deadline = time.monotonic() + patience_seconds
    while row.token_version == version:
        if is_waiting and row.refresh_leased_until is None:  # let go of, not run out: it was answered, and not well
            raise TikTokUnreachable("oauth/token: the renewal that was waited for failed", was_sent=False)
        if not row.is_leased and (lease := _take_lease(account_id, version)):
            return _fetch(lease, tiktok, encryptor)
        if time.monotonic() >= deadline:
            raise TikTokBusy("oauth/token: another worker has been renewing for too long", retry_after=LEASE.seconds)
        end_reading()
        time.sleep(pause)  # between two looks: a lease that ends tells nobody
        is_waiting, pause = True, min(pause * 1.5, _LONGEST_PAUSE)
        row = _look(account_id)
    return _open_access_token(account_id, row, encryptor)


def _take_lease(account_id: UUID, token_version: int) -> _Lease | None:
    """None: somebody was faster."""
    is_free = or_(Account.refresh_leased_until.is_(None), Account.refresh_leased_until < database_now())
    with transaction() as session:
        taken = session.execute(
            update(Account)
            .where(Account.id == account_id, Account.token_version == token_version, is_free)
            .values(refresh_epoch=Account.refresh_epoch + 1, refresh_leased_until=database_now(LEASE))
            .returning(Account.refresh_epoch, Account.refresh_token_encrypted)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        return _Lease(account_id, token_version, *taken, asked_at=clock.now()) if taken else None


def _fetch(lease: _Lease, tiktok: TikTokClient, encryptor: Encryptor) -> str:
    try:
        refresh_token = _open(encryptor, lease.refresh_token_encrypted, lease.account_id, "refresh_token_encrypted")
        grant = tiktok.refresh_token(refresh_token)
        _store(lease, grant, encryptor)
    except GrantInvalid:
        _mark_if_unchanged(lease.account_id, lease.token_version, AccountStatus.EXPIRED, GRANT_REJECTED)
    except DecryptionFailed:
        _mark_if_unchanged(lease.account_id, lease.token_version, AccountStatus.ERROR, TOKEN_UNREADABLE)
        raise AccountNeedsReconnection(_UNREADABLE) from None
    except (TikTokRefusal, AccessRevoked, ScopeMissing) as error:
        _release(lease)
        raise NoUsableToken.because_of(error) from error
    except BaseException:
        _release(lease)
        raise
    # The row decides: meanwhile a person may have connected the account again.
    return _open_access_token(lease.account_id, _look(lease.account_id), encryptor)


def _store(lease: _Lease, grant: TokenGrant, encryptor: Encryptor) -> None:
    """Replace exactly the pair that was spent.

    By its version and not by the lease's epoch: a worker that was asleep for longer than its lease still holds the
    only good pair, and the account that a successor has marked meanwhile comes back to life.
    """
    with transaction() as session:
        account = session.get(Account, lease.account_id, with_for_update=True)
        if account is None or account.token_version != lease.token_version:
            return
        if account.status is AccountStatus.REVOKED:
            return
        was_marked = not account.is_connected
        put(account, grant, asked_at=lease.asked_at, encryptor=encryptor)
        if was_marked:
            events.announce("account.reconnected", account=account)


def _mark_if_unchanged(account_id: UUID, token_version: int, status: AccountStatus, reason: str) -> None:
    """Mark the account, unless a newer pair has been stored: what is wrong with the old one is of no interest then."""
    with transaction() as session:
        account = session.get(Account, account_id, with_for_update=True)
        if account is not None and account.token_version == token_version:
            account.refresh_leased_until = None
            mark(account, status, reason)


def _release(lease: _Lease) -> None:
    with transaction() as session:
        session.execute(
            update(Account)
            .where(Account.id == lease.account_id, Account.refresh_epoch == lease.epoch)
            .values(refresh_leased_until=None)
            .execution_options(synchronize_session=False)
        )


def _open_access_token(account_id: UUID, row: _Row, encryptor: Encryptor) -> str:
    end_reading()
    try:
        return _open(encryptor, row.access_token_encrypted, account_id, "access_token_encrypted")
    except DecryptionFailed:
        _mark_if_unchanged(account_id, row.token_version, AccountStatus.ERROR, TOKEN_UNREADABLE)
        raise AccountNeedsReconnection(_UNREADABLE) from None


def _seal(encryptor: Encryptor, secret: str, account_id: UUID, column: str) -> bytes:
    return encryptor.encrypt(secret, table=Account.__tablename__, row=account_id, column=column)


def _open(encryptor: Encryptor, sealed: bytes, account_id: UUID, column: str) -> str:
    return encryptor.decrypt(sealed, table=Account.__tablename__, row=account_id, column=column)
