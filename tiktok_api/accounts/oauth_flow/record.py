"""The result of a callback, written: the tokens that TikTok granted become an account, or the reason of a failure is kept.

Every function runs inside a transaction of its caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from tiktok_api import events
from tiktok_api.accounts import disconnection, services, tokens
from tiktok_api.accounts.models import Account, Connection, ConnectionStatus, Revocation
from tiktok_api.accounts.oauth_flow import takeover
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import services as users
from tiktok_api.db import db, new_id, savepoint
from tiktok_api.tiktok import TokenGrant, UserInfo


@dataclass(frozen=True, slots=True)
class ConnectionResult:
    """The result of a connection, as the person in front of the browser sees it. `holder` is the user whose it is now."""

    status: ConnectionStatus
    reason: str | None = None
    connection_id: UUID | None = None
    return_url: str | None = None
    name: str | None = None
    account_id: UUID | None = None
    expected_name: str | None = None
    holder: str | None = None

    @property
    def redirect_to(self) -> str | None:
        """The client's own page, with the result in its query."""
        if self.return_url is None:
            return None
        before, hash_sign, fragment = self.return_url.partition("#")
        joint = "&" if "?" in before else "?"
        query = urlencode({"connection_id": str(self.connection_id), "status": self.status.value})
        return f"{before}{joint}{query}{hash_sign}{fragment}"


LINK_NOT_VALID = ConnectionResult(ConnectionStatus.FAILED, "link_not_valid")


@dataclass(frozen=True, slots=True)
class ClaimedConnection:
    """A connection whose state came back with a browser."""

    id: UUID
    owner_id: UUID
    scopes: tuple[str, ...]
    return_url: str | None
    code_verifier_encrypted: bytes | None
    is_overdue: bool
    is_repeated: bool


def record_failure(claimed: ClaimedConnection, reason: str) -> ConnectionResult:
    """Write down why the connection failed."""
    failed = update(Connection).where(Connection.id == claimed.id).values(status=ConnectionStatus.FAILED, reason=reason)
    db.session.execute(failed)
    return ConnectionResult(ConnectionStatus.FAILED, reason, claimed.id, claimed.return_url)


def record_grant(
    claimed: ClaimedConnection, grant: TokenGrant, info: UserInfo | None, asked_at: datetime, vault: TokenVault
) -> ConnectionResult:
    """Write down what TikTok granted: add the account, replace the tokens of the one that is known, or take it over.

    The user's row is locked, so that a deletion of the user waits, and then includes this account.
    """
    known = takeover.lock_known(grant.open_id, claimed.owner_id)
    connection = db.session.get(Connection, claimed.id, with_for_update=True)
    if connection is None:  # the user was deleted meanwhile
        disconnection.revoke_unused_grant(grant, vault)
        return LINK_NOT_VALID
    expected = expected_account(connection)
    if expected is not None and expected.open_id != grant.open_id:
        return _refuse_other_creator(claimed, connection, expected, grant, info, vault)
    account, is_new = _find_or_add_account(claimed, grant, asked_at, known, vault)
    if account.owner_id != claimed.owner_id:
        # These tokens act for the other user's account too: they are dropped, not revoked.
        failed = record_failure(claimed, "account_already_connected")
        return replace(failed, holder=users.recognisable_name(account.owner_id))
    if not is_new:
        account.taken_over_at = None
        tokens.store_grant(account, grant, asked_at=asked_at, encryptor=vault.encryptor)
        account.creator_info = account.creator_info_at = account.posting_refusal = None
    account.connected_at = asked_at
    connection.status, connection.account_id = ConnectionStatus.CONNECTED, account.id
    # An earlier disconnection that TikTok has not confirmed yet would revoke the new grant too.
    db.session.execute(delete(Revocation).where(Revocation.open_id == grant.open_id))
    db.session.flush()
    services.enqueue_sync(account)
    if not is_new:
        events.announce("account.reconnected", account=account)
    if info is not None:
        services.store_profile(account, info, captured_at=asked_at)
    return ConnectionResult(
        ConnectionStatus.CONNECTED,
        None,
        claimed.id,
        claimed.return_url,
        account.shown_name,
        account.id,
        holder=users.recognisable_name(claimed.owner_id),
    )


def expected_account(connection: Connection) -> Account | None:
    """Returns the account that is to be reconnected, if one is named."""
    return services.load_account(connection.expected_account_id)


def _refuse_other_creator(
    claimed: ClaimedConnection,
    connection: Connection,
    expected: Account,
    grant: TokenGrant,
    info: UserInfo | None,
    vault: TokenVault,
) -> ConnectionResult:
    """Another creator consented than the one to reconnect: no account is added, and the grant is revoked.

    If that creator is connected here, revoking would end that connection too, so the tokens are only dropped.
    """
    disconnection.revoke_unused_grant(grant, vault)
    connection.status, connection.reason = ConnectionStatus.FAILED, "another_creator"
    connection.other_creator = (info.display_name or info.username) if info else None
    return ConnectionResult(
        ConnectionStatus.FAILED,
        connection.reason,
        claimed.id,
        claimed.return_url,
        connection.other_creator,
        expected_name=expected.shown_name,
    )


def _find_or_add_account(
    claimed: ClaimedConnection, grant: TokenGrant, asked_at: datetime, known: Sequence[Account], vault: TokenVault
) -> tuple[Account, bool]:
    """Returns the account that the grant is for, locked, and whether it is new. `known` are those of this creator."""
    found = takeover.choose_account(known, claimed.owner_id, vault)
    if found is not None:
        return found, False
    account = Account(
        id=new_id(),
        owner_id=claimed.owner_id,
        open_id=grant.open_id,
        scopes=list(claimed.scopes),
        connected_at=asked_at,
    )
    tokens.store_grant(account, grant, asked_at=asked_at, encryptor=vault.encryptor)
    try:
        with savepoint():
            db.session.add(account)
    except IntegrityError:  # two callbacks for the same creator at once
        by_open_id = takeover.held(grant.open_id).with_for_update(key_share=True)
        return db.session.scalars(by_open_id).one(), False
    return account, True
