"""The browser's return from TikTok's consent page.

It is handled in three steps: the state is claimed in a transaction of its own (so that it works once), TikTok is asked
outside any, and its answer is recorded in a second one. If the process dies in between, or recording fails, the code is
used up and nothing is kept: the connection counts as interrupted after a minute, and the person connects again. Until then
what TikTok granted stays in the person's list of apps, unused. A callback that is repeated (reload, prefetch, double
click) changes nothing and shows the result of the first one.
"""

import time
from uuid import UUID

import structlog
from sqlalchemy import select

from tiktok_api import clock
from tiktok_api.accounts.models import Connection, ConnectionStatus
from tiktok_api.accounts.oauth_flow import takeover
from tiktok_api.accounts.oauth_flow.authorization import redirect_uri
from tiktok_api.accounts.oauth_flow.record import (
    LINK_NOT_VALID,
    ClaimedConnection,
    ConnectionResult,
    expected_account,
    record_failure,
    record_grant,
)
from tiktok_api.accounts.rate_limits import AppCall
from tiktok_api.accounts.services import load_account
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import audit
from tiktok_api.auth import services as users
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, end_reading, transaction
from tiktok_api.encryption import DecryptionFailed, hash_token
from tiktok_api.settings import Settings
from tiktok_api.tiktok import GrantInvalid, TikTokBusy, TikTokError, TikTokUnreachable, TokenGrant, UserInfo

log = structlog.get_logger(__name__)

_REPEATED_WAITS_SECONDS, _LOOK_AGAIN_SECONDS = 8.0, 0.1


def finish(
    *, state: str, code: str | None, refusal: str | None, vault: TokenVault, settings: Settings, address: str = ""
) -> ConnectionResult:
    """Finish a connection with what the browser at `address` brought back; opens its own transactions.

    Raises no error of TikTok's: the reason is in the result.
    """
    with transaction():
        claimed = _claim(state)
    if claimed is None:
        return LINK_NOT_VALID
    if claimed.is_repeated:
        return _result_of_first_callback(claimed)
    if claimed.is_overdue:
        return _fail(claimed, "expired")
    if refusal is not None:
        return _fail(claimed, "access_denied" if refusal == "access_denied" else "tiktok_refused")
    if not code:
        return _fail(claimed, "code_missing")
    asked_at = clock.now()
    end_reading()
    try:
        grant = _exchange(claimed, code, vault, settings)
    except (TikTokError, DecryptionFailed) as error:
        log.warning("connection.failed", connection=str(claimed.id), error=str(error))
        return _fail(claimed, _reason_of(error))
    info = _read_profile(grant, claimed.owner_id, vault)
    takeover.ask_about_holder(grant.open_id, claimed.owner_id, vault)
    with transaction():
        result = record_grant(claimed, grant, info, asked_at, vault)
        if result.account_id is not None:
            person = Identity(claimed.owner_id, None, address=address)
            facts = {"username": result.name, "connection_id": str(claimed.id)}
            audit.record(person, "account.connected", subject_id=result.account_id, **facts)
        return result


def _fail(claimed: ClaimedConnection, reason: str) -> ConnectionResult:
    with transaction():
        return record_failure(claimed, reason)


def _claim(state: str) -> ClaimedConnection | None:
    """Claim the connection of this state, which is thereby used up. Returns None if there is none."""
    query = select(Connection).where(Connection.state_hash == hash_token(state)).with_for_update()
    connection = db.session.scalar(query)
    if connection is None:
        return None
    claimed = ClaimedConnection(
        connection.id,
        connection.owner_id,
        tuple(connection.scopes),
        connection.return_url,
        connection.code_verifier_encrypted,
        connection.is_overdue,
        is_repeated=connection.claimed_at is not None,
    )
    if not claimed.is_repeated:
        connection.claimed_at = clock.now()
        connection.code_verifier_encrypted = None
    return claimed


def _result_of_first_callback(claimed: ClaimedConnection) -> ConnectionResult:
    """Returns the result of the first callback. While that one is still asking TikTok, waits for it a few seconds."""
    deadline = time.monotonic() + _REPEATED_WAITS_SECONDS
    while (result := _recorded(claimed)).status is ConnectionStatus.PENDING and time.monotonic() < deadline:
        end_reading()
        time.sleep(_LOOK_AGAIN_SECONDS)  # between two looks at what another request is about to store
    return result


def _recorded(claimed: ClaimedConnection) -> ConnectionResult:
    connection = db.session.get(Connection, claimed.id, populate_existing=True)
    if connection is None:
        return LINK_NOT_VALID
    status, reason = connection.shown_status, connection.shown_reason
    account = load_account(connection.account_id)
    if status is ConnectionStatus.CONNECTED and account is None:  # disconnected since
        return ConnectionResult(ConnectionStatus.FAILED, "link_not_valid", claimed.id, claimed.return_url)
    name = account.shown_name if account else connection.other_creator
    expected = expected_account(connection)
    return ConnectionResult(
        status,
        reason,
        claimed.id,
        claimed.return_url,
        name,
        connection.account_id,
        expected.shown_name if expected else None,
        users.recognisable_name(claimed.owner_id) if status is ConnectionStatus.CONNECTED else None,
    )


def _exchange(claimed: ClaimedConnection, code: str, vault: TokenVault, settings: Settings) -> TokenGrant:
    encrypted, column = claimed.code_verifier_encrypted, Connection.code_verifier_encrypted
    code_verifier = vault.encryptor.decrypt(encrypted, column, claimed.id) if encrypted else None
    return vault.tiktok.exchange_code(code=code, redirect_uri=redirect_uri(settings), code_verifier=code_verifier)


def _read_profile(grant: TokenGrant, user_id: UUID, vault: TokenVault) -> UserInfo | None:
    """Returns the creator's profile. A failure costs no account, since the code is used up: the first sync asks again."""
    try:
        vault.count_read(AppCall.USER_INFO, user_id)
        return vault.tiktok.fetch_user_info(grant.access_token, scopes=grant.scopes)
    except TikTokError as error:
        log.warning("connection.profile_unread", error=str(error))
        return None


def _reason_of(error: Exception) -> str:
    match error:
        case GrantInvalid():
            return "code_rejected"
        case TikTokUnreachable() | TikTokBusy():
            return "tiktok_unreachable"
        case TikTokError():
            return "tiktok_refused"
        case _:
            return "expired"  # the key that encrypted the verifier has left the ring meanwhile
