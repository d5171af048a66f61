"""Tokens at rest: a pair is encrypted, decrypted, replaced by a newer one, or found to be of no use any more."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from tiktok_api import clock
from tiktok_api.accounts.models import Account, AccountStatus, Revocation
from tiktok_api.db import db
from tiktok_api.encryption import Encryptor
from tiktok_api.jobs import queue
from tiktok_api.tiktok import TokenGrant

log = structlog.get_logger(__name__)

RENEW = "accounts.renew"
RENEW_AFTER = 0.75
"""The share of a token's life after which it is renewed in the background: 6 h early of 24 h, 30 min of 2 h."""

GRANT_REJECTED = "grant_rejected"
TAKEN_OVER = "connected_by_another_user"
TOKEN_UNREADABLE = "token_unreadable"  # noqa: S105 - a reason, no secret


class GrantTokens(NamedTuple):
    """The two tokens of one grant, in clear."""

    access_token: str
    refresh_token: str


def encrypt_tokens(row: Account | Revocation, granted: GrantTokens, encryptor: Encryptor) -> None:
    """Write both tokens into the columns of `row`, which must have its id."""
    model = type(row)
    row.access_token_encrypted = encryptor.encrypt(granted.access_token, model.access_token_encrypted, row.id)
    row.refresh_token_encrypted = encryptor.encrypt(granted.refresh_token, model.refresh_token_encrypted, row.id)


def decrypt_tokens(row: Account | Revocation, encryptor: Encryptor) -> GrantTokens:
    """Returns both tokens of `row`. Raises DecryptionFailed."""
    model = type(row)
    return GrantTokens(
        encryptor.decrypt(row.access_token_encrypted, model.access_token_encrypted, row.id),
        encryptor.decrypt(row.refresh_token_encrypted, model.refresh_token_encrypted, row.id),
    )


def tokens_of(grant: TokenGrant) -> GrantTokens:
    """Returns the tokens of a grant."""
    return GrantTokens(grant.access_token, grant.refresh_token)


def time_of_grant(access_expires_at: datetime, renew_at: datetime) -> datetime:
    """Returns when the tokens were asked for that have these times."""
    return access_expires_at - (access_expires_at - renew_at) / (1 - RENEW_AFTER)


def store_grant(account: Account, grant: TokenGrant, *, asked_at: datetime, encryptor: Encryptor) -> None:
    """Replace the account's tokens by those that TikTok gave for a request of `asked_at`; the account is usable (again).

    The new version fences off renewals that are still running: their result is dropped.
    """
    encrypt_tokens(account, tokens_of(grant), encryptor)
    lifetime = timedelta(seconds=grant.expires_in)
    account.access_expires_at = asked_at + lifetime
    account.renew_at = asked_at + lifetime * RENEW_AFTER
    account.refresh_expires_at = asked_at + timedelta(seconds=grant.refresh_expires_in)
    queue.enqueue(RENEW, due_at=account.renew_at, owner_id=account.owner_id, subject=account.id)
    account.scopes = list(grant.scopes) or account.scopes
    account.token_version = (account.token_version or 0) + 1
    account.refresh_leased_until = None
    if account.status is not AccountStatus.ACTIVE:
        account.status, account.status_reason, account.updated_at = AccountStatus.ACTIVE, None, asked_at


def drop_tokens(account: Account, encryptor: Encryptor) -> None:
    """Forget the tokens of an account that another user has connected. A renewal that is still running is fenced off."""
    encrypt_tokens(account, GrantTokens("", ""), encryptor)
    account.token_version += 1
    account.refresh_leased_until = None
    account.status, account.status_reason, account.updated_at = AccountStatus.REVOKED, TAKEN_OVER, clock.now()


def mark_reconnection(account_id: UUID, reason: str, *, status: AccountStatus, token_version: int) -> None:
    """Mark the account as unusable until its person connects it again; call it inside a transaction.

    Only if the pair of this version is still in use: the account may have been reconnected meanwhile, and what is wrong
    with the old pair is of no interest then. A lease on renewing the pair ends with it.
    """
    account = db.session.get(Account, account_id, with_for_update=True)
    if account is None or token_version != account.token_version:
        return
    account.refresh_leased_until = None
    if account.status is status:
        return
    account.status, account.status_reason, account.updated_at = status, reason, clock.now()
    log.warning("account.marked", account=str(account.id), status=status, reason=reason)
