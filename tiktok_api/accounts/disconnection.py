"""Letting an account go: here at once, at TikTok as soon as it listens."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import delete, select

from tiktok_api import clock, events
from tiktok_api.accounts import services, token_refresh
from tiktok_api.accounts.models import Account, Revocation
from tiktok_api.db import db, end_reading, new_id, transaction
from tiktok_api.encryption import DecryptionFailed, Encryptor
from tiktok_api.jobs import queue
from tiktok_api.tiktok import (
    AccessRevoked,
    GrantInvalid,
    NoUsableToken,
    ScopeMissing,
    TikTokClient,
    TikTokRefusal,
    TokenGrant,
)

log = structlog.get_logger(__name__)

REVOKE = "accounts.revoke"
_REFUSALS = (AccessRevoked, TikTokRefusal, ScopeMissing)


def disconnect(account: Account, *, encryptor: Encryptor) -> list[UUID]:
    """Forget an account and answer the publications that are cancelled by it; call it inside a transaction.

    Its tokens move to a row of their own until they are revoked at TikTok, so that a crash does not lose them.
    """
    cancelled = [each for answer in events.ask("account.disconnecting", account=account) for each in answer]
    try:
        access_token, refresh_token = token_refresh.take_out(account, encryptor)
    except DecryptionFailed as error:  # nobody can revoke what nobody can read; the person still can, in the app
        log.warning("revocation.impossible", account=str(account.id), error=str(error))
    else:
        _promise(account.open_id, access_token, refresh_token, account.access_expires_at, encryptor)
    for kind in (services.SYNC, token_refresh.RENEW):
        queue.cancel(f"{kind}:{account.id}")
    db.session.delete(account)
    db.session.flush()
    return cancelled


def let_go(grant: TokenGrant, *, encryptor: Encryptor) -> None:
    """Have a grant revoked that came for somebody who has left; call it inside a transaction.

    Unless it acts for an account that somebody has here: TikTok revokes by the person, not by the token.
    """
    if db.session.scalar(select(Account.id).where(Account.open_id == grant.open_id)) is None:
        expires_at = clock.now() + timedelta(seconds=grant.expires_in)
        _promise(grant.open_id, grant.access_token, grant.refresh_token, expires_at, encryptor)


def disconnect_all(owner_id: UUID, *, encryptor: Encryptor) -> None:
    """Let all accounts of a user go who is leaving; call it inside the transaction that removes the user."""
    theirs = select(Account).where(Account.owner_id == owner_id).order_by(Account.id)
    for account in db.session.scalars(theirs.with_for_update(key_share=True)).all():
        disconnect(account, encryptor=encryptor)


def revoke(revocation_id: UUID, *, tiktok: TikTokClient, encryptor: Encryptor) -> None:
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
        _revoke_at_tiktok(revocation, tiktok, encryptor)
    except GrantInvalid as error:
        log.info("revocation.not_needed", error=str(error))
    except DecryptionFailed as error:
        log.warning("revocation.impossible", error=str(error))
    with transaction() as session:
        session.execute(delete(Revocation).where(Revocation.id == revocation_id))


def _promise(open_id: str, access_token: str, refresh_token: str, expires_at: datetime, encryptor: Encryptor) -> None:
    revocation = Revocation(id=new_id(), open_id=open_id, access_expires_at=expires_at)
    _put(revocation, access_token, refresh_token, encryptor)
    db.session.add(revocation)
    db.session.flush()
    queue.enqueue(REVOKE, due_at=clock.now(), subject=revocation.id)


def _revoke_at_tiktok(revocation: Revocation, tiktok: TikTokClient, encryptor: Encryptor) -> None:
    """Revoke by the access token if it has not expired, else or where it is refused by one fetched for the purpose.

    Raises GrantInvalid where the grant has ended already, DecryptionFailed, and for any other refusal NoUsableToken: one odd
    answer must not leave the app in its person's list.
    """
    refresh_token = _open(encryptor, revocation.refresh_token_encrypted, revocation.id, "refresh_token_encrypted")
    access_token = _open(encryptor, revocation.access_token_encrypted, revocation.id, "access_token_encrypted")
    if revocation.access_expires_at > clock.now():
        end_reading()
        try:
            return tiktok.revoke_token(access_token)
        except _REFUSALS as error:
            log.info("revocation.refused", error=str(error))
    end_reading()
    try:
        grant = tiktok.refresh_token(refresh_token)
        _keep(revocation.id, grant, encryptor)
        return tiktok.revoke_token(grant.access_token)
    except GrantInvalid:
        raise
    except _REFUSALS as error:
        raise NoUsableToken.because_of(error) from error


def _keep(revocation_id: UUID, grant: TokenGrant, encryptor: Encryptor) -> None:
    """The old refresh token is spent: if TikTok cannot be reached now, the next try needs the new one."""
    with transaction() as session:
        revocation = session.get(Revocation, revocation_id, with_for_update=True)
        if revocation is not None:
            _put(revocation, grant.access_token, grant.refresh_token, encryptor)
            revocation.access_expires_at = clock.now() + timedelta(seconds=grant.expires_in)


def _put(revocation: Revocation, access_token: str, refresh_token: str, encryptor: Encryptor) -> None:
    def seal(token: str, column: str) -> bytes:
        return encryptor.encrypt(token, table=Revocation.__tablename__, row=revocation.id, column=column)

    revocation.access_token_encrypted = seal(access_token, "access_token_encrypted")
    revocation.refresh_token_encrypted = seal(refresh_token, "refresh_token_encrypted")


def _open(encryptor: Encryptor, sealed: bytes, row: UUID, column: str) -> str:
    return encryptor.decrypt(sealed, table=Revocation.__tablename__, row=row, column=column)
