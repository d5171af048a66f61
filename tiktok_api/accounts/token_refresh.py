"""The token vault: usable access tokens, renewed once per expiry, however many workers and processes ask.

A refresh token of TikTok's works once. The worker that finds a pair due takes a lease on the row by compare-and-set, asks
TikTok outside any transaction and commits the new pair before any worker uses it; the others wait for the row. If the
process dies between TikTok's answer and the commit, the lease runs out, TikTok answers the next renewal with
`invalid_grant`, and the account is marked for reconnection.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import or_, select, update

from tiktok_api import clock, events
from tiktok_api.accounts import rate_limits, tokens
from tiktok_api.accounts.errors import AccountNeedsReconnection
from tiktok_api.accounts.models import Account, AccountStatus
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.db import database_now, db, end_reading, in_transaction, transaction
from tiktok_api.encryption import DecryptionFailed, Encryptor
from tiktok_api.errors import NotFound
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

MARGIN = timedelta(minutes=10)
LEASE = timedelta(seconds=60)
"""Longer than the client lets an exchange last (35 s): two at once would spend the same refresh token."""
PROVEN_FOR = timedelta(minutes=15)
"""So long a renewal proves that the grant stands: a token that is rejected within it is not renewed again."""
REJECTED = "access_token_invalid"
PATIENCE_SECONDS = 45.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
_ANY_MARGIN = timedelta(days=36_500)
_UNREADABLE = "The account's tokens cannot be read with any key of this server: put its key back, or connect it again."

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _TokenRow:
    """The tokens of an account as one query found them."""

    status: AccountStatus
    status_reason: str | None
    token_version: int
    access_token_encrypted: bytes
    access_expires_at: datetime
    renew_at: datetime
    connected_at: datetime
    refresh_leased_until: datetime | None
    is_leased: bool

    @property
    def is_just_renewed(self) -> bool:
        """True for a token that a renewal, not a person's consent, brought a moment ago."""
        asked_at = tokens.time_of_grant(self.access_expires_at, self.renew_at)
        return asked_at > self.connected_at and timedelta(0) <= clock.now() - asked_at < PROVEN_FOR

    def is_due(self, margin: timedelta) -> bool:
        """Whether the token expires within `margin`. A short-lived token is not due before `renew_at` for that."""
        return clock.now() >= max(self.renew_at, self.access_expires_at - margin)


@dataclass(frozen=True, slots=True)
class _Lease:
    """The right to spend one refresh token."""

    account_id: UUID
    token_version: int
    epoch: int
    refresh_token_encrypted: bytes
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class TokenVault:
    """Gives access tokens to requests to TikTok. Its methods may use the network: call them outside any transaction.

    Each raises AccountNeedsReconnection, NotFound, and where TikTok gives no usable answer TikTokUnreachable
    (NoUsableToken among them) and TikTokBusy, which say nothing about the account: only `invalid_grant` does.
    """

    tiktok: TikTokClient
    encryptor: Encryptor
    reads_a_minute: int = 600

    def read(self, account_id: UUID, kind: AppCall, act: Callable[[str], Result]) -> Result:
        """As `call`, for what TikTok counts for the app as a whole: waits for the turn of the account's owner.

        Raises TikTokBusy while it is not their turn.
        """
        self.count_read(kind, rate_limits.owner_of(account_id))
        return self.call(account_id, act)

    def count_read(self, kind: AppCall, user_id: UUID) -> None:
        """Count a call that is made for a user without an account. Raises TikTokBusy while it is not their turn."""
        rate_limits.count_app_call(kind, user_id, calls_a_minute=self.reads_a_minute)

    def call(self, account_id: UUID, act: Callable[[str], Result]) -> Result:
        """Returns `act(access_token)`; if TikTok rejects the token, it is renewed once and `act` repeated once.

        A renewal that worked proves that the grant stands: a token that is rejected right after it raises NoUsableToken.
        Raises what `act` raises, but never AccessTokenInvalid.
        """
        token = self.usable_token(account_id)
        try:
            return act(token)
        except AccessTokenInvalid:
            renewed = self.renew(account_id, token)
        try:
            return act(renewed)
        except AccessTokenInvalid as error:
            raise NoUsableToken.because_of(error) from error

    def usable_token(
        self, account_id: UUID, *, margin: timedelta = MARGIN, patience_seconds: float = PATIENCE_SECONDS
    ) -> str:
        """Returns an access token that lives longer than `margin`, renewed if need be.

        While another worker renews it, that worker's result is awaited, for at most `patience_seconds`.
        """
        row = _read(account_id)
        if row.is_due(margin):
            return self._next_token(account_id, row, patience_seconds)
        end_reading()
        return self._decrypt_access_token(account_id, row)

    def renew(self, account_id: UUID, rejected_token: str) -> str:
        """Returns an access token other than the one that TikTok rejected; another worker may have fetched it already.

        Raises NoUsableToken for a token that has just been renewed: a newer one would be rejected too.
        """
        row = _read(account_id)
        token = self._decrypt_access_token(account_id, row)
        if token != rejected_token:
            return token
        if row.is_just_renewed:
            raise NoUsableToken("oauth/token: TikTok rejects the token that it has just given", code=REJECTED)
        return self._next_token(account_id, row)

    def renew_early(self, account_id: UUID) -> datetime:
        """Renew a pair that is old enough, long before a request must wait for it; returns when the next renewal is due."""
        self.usable_token(account_id, margin=_ANY_MARGIN)
        row = _read(account_id)
        end_reading()
        return row.renew_at

    def _next_token(self, account_id: UUID, row: _TokenRow, patience_seconds: float = PATIENCE_SECONDS) -> str:
        """Returns the access token of the version after `row`'s: fetched here, or awaited if another worker fetches it."""
        version, is_waiting, pause = row.token_version, False, _FIRST_PAUSE
        deadline = time.monotonic() + patience_seconds
        while row.token_version == version:
            if is_waiting and row.refresh_leased_until is None:  # released, not expired: TikTok's answer was no pair
                raise TikTokUnreachable("oauth/token: the renewal that was waited for failed", was_sent=False)
            if not row.is_leased and (lease := _take_lease(account_id, version)):
                return self._fetch(lease)
            if time.monotonic() >= deadline:
                raise TikTokBusy(
                    "oauth/token: another worker has been renewing for too long", retry_after=LEASE.seconds
                )
            end_reading()
            time.sleep(pause)  # between two queries: the end of a lease is announced nowhere
            is_waiting, pause = True, min(pause * 1.5, _LONGEST_PAUSE)
            row = _read(account_id)
        return self._decrypt_access_token(account_id, row)

    def _fetch(self, lease: _Lease) -> str:
        try:
            refresh_token = self.encryptor.decrypt(
                lease.refresh_token_encrypted, Account.refresh_token_encrypted, lease.account_id
            )
            grant = self.tiktok.refresh_token(refresh_token)
            _store(lease, grant, self.encryptor)
        except GrantInvalid:
            _mark(lease.account_id, lease.token_version, AccountStatus.EXPIRED, tokens.GRANT_REJECTED)
        except DecryptionFailed:
            _mark(lease.account_id, lease.token_version, AccountStatus.ERROR, tokens.TOKEN_UNREADABLE)
            raise AccountNeedsReconnection(_UNREADABLE) from None
        except (TikTokRefusal, AccessRevoked, ScopeMissing) as error:
            _release(lease)
            raise NoUsableToken.because_of(error) from error
        except BaseException:
            _release(lease)
            raise
        # The row decides: the account may have been connected again meanwhile.
        return self._decrypt_access_token(lease.account_id, _read(lease.account_id))

    def _decrypt_access_token(self, account_id: UUID, row: _TokenRow) -> str:
        end_reading()
        try:
            return self.encryptor.decrypt(row.access_token_encrypted, Account.access_token_encrypted, account_id)
        except DecryptionFailed:
            _mark(account_id, row.token_version, AccountStatus.ERROR, tokens.TOKEN_UNREADABLE)
            raise AccountNeedsReconnection(_UNREADABLE) from None


def _read(account_id: UUID) -> _TokenRow:
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
            Account.connected_at,
            Account.refresh_leased_until,
            (Account.refresh_leased_until.is_not(None) & (Account.refresh_leased_until >= database_now())),
        ).where(Account.id == account_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    row = _TokenRow(*found)
    if not row.status.is_connected:
        raise AccountNeedsReconnection(reason=row.status_reason)
    return row


def _take_lease(account_id: UUID, token_version: int) -> _Lease | None:
    """Returns None if another worker was faster."""
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


def _store(lease: _Lease, grant: TokenGrant, encryptor: Encryptor) -> None:
    """Replace exactly the pair that was spent.

    The condition is its version, not the epoch of the lease: a worker that slept longer than its lease still holds the
    only good pair, and an account that its successor has marked meanwhile becomes active again.
    """
    with transaction() as session:
        account = session.get(Account, lease.account_id, with_for_update=True)
        if account is None or account.token_version != lease.token_version:
            return
        if account.status is AccountStatus.REVOKED:
            return
        was_marked = not account.is_connected
        tokens.store_grant(account, grant, asked_at=lease.asked_at, encryptor=encryptor)
        if was_marked:
            events.announce("account.reconnected", account=account)


def _mark(account_id: UUID, token_version: int, status: AccountStatus, reason: str) -> None:
    with transaction():
        tokens.mark_reconnection(account_id, reason, status=status, token_version=token_version)


def _release(lease: _Lease) -> None:
    with transaction() as session:
        session.execute(
            update(Account)
            .where(Account.id == lease.account_id, Account.refresh_epoch == lease.epoch)
            .values(refresh_leased_until=None)
            .execution_options(synchronize_session=False)
        )
