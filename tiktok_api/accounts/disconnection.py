"""Letting an account go: here at once, at TikTok as soon as it listens."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select

from tiktok_api import clock, events
from tiktok_api.accounts import services, tokens
from tiktok_api.accounts.models import Account, Revocation
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.accounts.tokens import TokenPair
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
    """Forget an account and answer the publications that are cancelled by it; call it inside a transaction.

    Its tokens move to a row of their own until they are revoked at TikTok, so that a crash does not lose them.
    """
    cancelled = [each for answer in events.ask("account.disconnecting", account=account) for each in answer]
    try:
        pair = tokens.decrypt_pair(account, vault.encryptor)
    except DecryptionFailed as error:  # nobody can revoke what nobody can read; the person still can, in the app
        log.warning("revocation.impossible", account=str(account.id), error=str(error))
    else:
        _promise(account.open_id, pair, account.access_expires_at, vault)
    for kind in (services.SYNC, tokens.RENEW):
        queue.cancel(f"{kind}:{account.id}")
    db.session.delete(account)
    db.session.flush()
    return cancelled


def let_go(grant: TokenGrant, vault: TokenVault) -> None:
    """Have a grant revoked that came for somebody who has left; call it inside a transaction.

    Unless it acts for an account that somebody has here: TikTok revokes by the person, not by the token.
    """
    if db.session.scalar(select(Account.id).where(Account.open_id == grant.open_id)) is None:
        expires_at = clock.now() + timedelta(seconds=grant.expires_in)
        _promise(grant.open_id, tokens.pair_of(grant), expires_at, vault)


def disconnect_all(owner_id: UUID, vault: TokenVault) -> None:
    """Let all accounts of a user go who is leaving; call it inside the transaction that removes the user."""
    theirs = select(Account).where(Account.owner_id == owner_id).order_by(Account.id)
    for account in db.session.scalars(theirs.with_for_update(key_share=True)).all():
        disconnect(account, vault)


def revoke(revocation_id: UUID, vault: TokenVault) -> None:
    """Revoke at TikTok, then forget the tokens; nothing happens where the account was connected again meanwhile.

    They are forgotten once TikTok has revoked them, says that the grant has ended, or they cannot be read. Raises
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


def _promise(open_id: str, pair: TokenPair, expires_at: datetime, vault: TokenVault) -> None:
    revocation = Revocation(id=new_id(), open_id=open_id, access_expires_at=expires_at)
    tokens.encrypt_pair(revocation, pair, vault.encryptor)
    db.session.add(revocation)
    db.session.flush()
    queue.enqueue(REVOKE, due_at=clock.now(), subject=revocation.id)


def _revoke_at_tiktok(revocation: Revocation, vault: TokenVault) -> None:
    """Revoke by the access token if it has not expired, else or where it is refused by one fetched for the purpose.

    Raises GrantInvalid where the grant has ended already, DecryptionFailed, and for any other refusal NoUsableToken: one odd
    answer must not leave the app in its person's list.
    """
    pair = tokens.decrypt_pair(revocation, vault.encryptor)
    if revocation.access_expires_at > clock.now():
        end_reading()
        try:
            return vault.tiktok.revoke_token(pair.access_token)
        except _REFUSALS as error:
            log.info("revocation.refused", error=str(error))
    end_reading()
    try:
        grant = vault.tiktok.refresh_token(pair.refresh_token)
        _keep(revocation.id, grant, vault)
        return vault.tiktok.revoke_token(grant.access_token)
    except GrantInvalid:
        raise
    except _REFUSALS as error:
        raise NoUsableToken.because_of(error) from error


def _keep(revocation_id: UUID, grant: TokenGrant, vault: TokenVault) -> None:
    """The old refresh token is spent: if TikTok cannot be reached now, the next try needs the new one."""
    with transaction() as session:
        revocation = session.get(Revocation, revocation_id, with_for_update=True)
        if revocation is not None:
            tokens.encrypt_pair(revocation, tokens.pair_of(grant), vault.encryptor)
            revocation.access_expires_at = clock.now() + timedelta(seconds=grant.expires_in)
