"""Disconnecting an account: it is deleted here at once, and its tokens are revoked at TikTok by a job that survives a crash."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select

from tiktok_api import clock, events
from tiktok_api.accounts import services, tokens
from tiktok_api.accounts.models import Account, Revocation
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.accounts.tokens import GrantTokens
from tiktok_api.db import db, end_reading, new_id, transaction
from tiktok_api.encryption import DecryptionFailed
from tiktok_api.jobs import queue
from tiktok_api.tiktok import (
    AccessRevoked,
    GrantInvalid,
    NoUsableToken,
    ScopeMissing,
    TikTokRefusal,
    TokenGrant,
)

log = structlog.get_logger(__name__)

REVOKE = "accounts.revoke"
_REFUSALS = (AccessRevoked, TikTokRefusal, ScopeMissing)


def disconnect(account: Account, vault: TokenVault) -> list[UUID]:
    """Delete an account. Returns the publications that are cancelled by it; call it inside a transaction.

    Its tokens move to a row of their own until they are revoked at TikTok, so that a crash does not lose them.
    """
    cancelled = [each for answer in events.ask("account.disconnecting", account=account) for each in answer]
    if account.taken_over_at is None:
        _revoke_later(account, vault)
    cancel_jobs(account)
    db.session.delete(account)
    db.session.flush()
    return cancelled


def cancel_jobs(account: Account) -> None:
    """Read and renew the account no more."""
    for kind in (services.SYNC, tokens.RENEW):
        queue.cancel(f"{kind}:{account.id}")


def _revoke_later(account: Account, vault: TokenVault) -> None:
    try:
        granted = tokens.decrypt_tokens(account, vault.encryptor)
    except DecryptionFailed as error:  # without its tokens only the person can revoke the grant, in TikTok's app
        log.warning("revocation.impossible", account=str(account.id), error=str(error))
    else:
        _enqueue_revocation(account.open_id, granted, account.access_expires_at, vault)


def disconnect_all(owner_id: UUID, vault: TokenVault) -> None:
    """Disconnect all accounts of a user; call it inside the transaction that deletes the user."""
    accounts = select(Account).where(Account.owner_id == owner_id).order_by(Account.id)
    for account in db.session.scalars(accounts.with_for_update(key_share=True)).all():
        disconnect(account, vault)


def revoke_unused_grant(grant: TokenGrant, vault: TokenVault) -> None:
    """Have a grant revoked that no account will use; call it inside a transaction.

    Not if the creator is connected here: TikTok revokes by the person, not by the token.
    """
    held = select(Account.id).where(Account.open_id == grant.open_id, Account.taken_over_at.is_(None))
    if db.session.scalar(held) is None:
        expires_at = clock.now() + timedelta(seconds=grant.expires_in)
        _enqueue_revocation(grant.open_id, tokens.tokens_of(grant), expires_at, vault)


def revoke(revocation_id: UUID, vault: TokenVault) -> None:
    """Revoke tokens at TikTok, then delete them; nothing happens if the account was connected again meanwhile.

    They are deleted once TikTok has revoked them, says that the grant has ended, or they cannot be decrypted. Raises
    TikTokUnreachable, TikTokBusy for everything else: the tokens are kept for the next try.
    """
    revocation = db.session.get(Revocation, revocation_id)
    if revocation is not None:
        db.session.expunge(revocation)
    end_reading()
    if revocation is None:
        return
    try:
        _revoke_at_tiktok(revocation, vault)
    except GrantInvalid as error:
        log.info("revocation.not_needed", error=str(error))
    except DecryptionFailed as error:
        log.warning("revocation.impossible", error=str(error))
    with transaction() as session:
        session.execute(delete(Revocation).where(Revocation.id == revocation_id))


def _enqueue_revocation(open_id: str, granted: GrantTokens, expires_at: datetime, vault: TokenVault) -> None:
    revocation = Revocation(id=new_id(), open_id=open_id, access_expires_at=expires_at)
    tokens.encrypt_tokens(revocation, granted, vault.encryptor)
    db.session.add(revocation)
    db.session.flush()
    queue.enqueue(REVOKE, due_at=clock.now(), owner_id=None, subject=revocation.id)


def _revoke_at_tiktok(revocation: Revocation, vault: TokenVault) -> None:
    """Revoke by the access token; if it has expired or is refused, by one that is fetched for the purpose.

    Raises GrantInvalid if the grant has ended already, DecryptionFailed, and for any other refusal NoUsableToken: one odd
    answer must not leave the app in the person's list.
    """
    granted = tokens.decrypt_tokens(revocation, vault.encryptor)
    if revocation.access_expires_at > clock.now():
        end_reading()
        try:
            return vault.tiktok.revoke_token(granted.access_token)
        except _REFUSALS as error:
            log.info("revocation.refused", error=str(error))
    end_reading()
    try:
        grant = vault.tiktok.refresh_token(granted.refresh_token)
        _replace_tokens(revocation.id, grant, vault)
        return vault.tiktok.revoke_token(grant.access_token)
    except GrantInvalid:
        raise
    except _REFUSALS as error:
        raise NoUsableToken.because_of(error) from error


def _replace_tokens(revocation_id: UUID, grant: TokenGrant, vault: TokenVault) -> None:
    """Keep the new pair: the old refresh token is spent, and the next try needs one if TikTok cannot be reached now."""
    with transaction() as session:
        revocation = session.get(Revocation, revocation_id, with_for_update=True)
        if revocation is not None:
            tokens.encrypt_tokens(revocation, tokens.tokens_of(grant), vault.encryptor)
            revocation.access_expires_at = clock.now() + timedelta(seconds=grant.expires_in)
