"""Connecting an account: sending a person to TikTok's consent page, and what they bring back.

The callback has three steps: the state is claimed in a transaction of its own (so that it works once), TikTok is asked
outside any, and what it gave is stored in a second one. If the process dies in between, or storing fails, the code is
used up and nothing is kept: the attempt counts as interrupted after a minute, and the person connects again. What
TikTok granted then stays in their list of apps, unused, until they do. A callback that is repeated (reload, prefetch,
double click) does nothing and shows what the first one did.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from tiktok_api import clock, events
from tiktok_api.accounts import disconnection, services, tokens
from tiktok_api.accounts.errors import ReturnUrlNotAllowed
from tiktok_api.accounts.models import BASIC_SCOPE, SCOPES, Account, Connection, ConnectionStatus, Revocation
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import User
from tiktok_api.db import db, end_reading, new_id, transaction
from tiktok_api.encryption import DecryptionFailed
from tiktok_api.settings import Settings
from tiktok_api.tiktok import (
    GrantInvalid,
    TikTokBusy,
    TikTokError,
    TikTokUnreachable,
    TokenGrant,
    UserInfo,
)

log = structlog.get_logger(__name__)

CALLBACK_PATH = "/api/v1/accounts/callback"
LIFETIME = timedelta(minutes=10)
_URL_LETTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]!$&'()*+,;=%-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_REPEATED_WAITS_SECONDS, _LOOK_AGAIN_SECONDS = 8.0, 0.1


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where to send the person, and until when."""

    id: UUID
    authorize_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt, for the person in front of the browser."""

    status: ConnectionStatus
    reason: str | None = None
    connection_id: UUID | None = None
    return_url: str | None = None
    name: str | None = None
    account_id: UUID | None = None
    expected_name: str | None = None

    @property
    def redirect_to(self) -> str | None:
        """The client's own page, told how it went."""
        if self.return_url is None:
            return None
        before, hash_sign, fragment = self.return_url.partition("#")
        joint = "&" if "?" in before else "?"
        told = urlencode({"connection_id": str(self.connection_id), "status": self.status.value})
        return f"{before}{joint}{told}{hash_sign}{fragment}"


@dataclass(frozen=True, slots=True)
class _Claim:
    """An attempt whose state came back."""

    id: UUID
    owner_id: UUID
    scopes: tuple[str, ...]
    return_url: str | None
    code_verifier_encrypted: bytes | None
    is_overdue: bool
    is_repeated: bool


def must_be_allowed(
    caller: Identity, return_url: str | None, settings: Settings, *, account_id: UUID | None = None
) -> None:
    """Whether the caller may connect an account, or reconnect `account_id`. Raises KeyConfined, NotFound, ReturnUrlNotAllowed."""
    if account_id is None:
        caller.must_reach_all_accounts()
    else:
        services.get_account(caller, account_id)
    if return_url is not None and _origin(return_url) not in _allowed_origins(settings):
        raise ReturnUrlNotAllowed.at("/return_url")


def start(
    caller: Identity,
    *,
    return_url: str | None,
    scopes: Sequence[str] = (),
    account_id: UUID | None = None,
    vault: TokenVault,
    settings: Settings,
) -> Invitation:
    """A fresh attempt to connect an account, or to reconnect `account_id`, good for ten minutes.

    Raises KeyConfined, NotFound, ReturnUrlNotAllowed.
    """
    must_be_allowed(caller, return_url, settings, account_id=account_id)
    connection_id, state, code_verifier = new_id(), secrets.token_urlsafe(32), vault.tiktok.new_code_verifier()
    # Login Kit grants user.info.basic in any case; asking for it lets the profile be read.
    wanted = scopes or settings.tiktok_scopes or SCOPES
    asked = [scope for scope in SCOPES if scope in wanted or scope == BASIC_SCOPE]
    connection = Connection(
        id=connection_id,
        owner_id=caller.user_id,
        state_hash=_hash(state),
        code_verifier_encrypted=_encrypt_verifier(code_verifier, connection_id, vault),
        return_url=return_url,
        scopes=asked,
        expected_account_id=account_id,
        expires_at=clock.now() + LIFETIME,
    )
    db.session.add(connection)
    db.session.flush()
    audit.record(caller, "connection.started", subject_id=connection_id)
    authorize_url = vault.tiktok.build_authorize_url(
        state=state, redirect_uri=_redirect_uri(settings), scopes=asked, code_verifier=code_verifier
    )
    return Invitation(connection_id, authorize_url, connection.expires_at)


def finish(
    *,
    state: str,
    code: str | None,
    refusal: str | None,
    vault: TokenVault,
    settings: Settings,
    address: str = "",
) -> Outcome:
    """Take in what the browser at `address` brought back, whatever it is; opens its own transactions.

    Raises nothing of TikTok's.
    """
    with transaction():
        claim = _claim(state)
    if claim is None:
        return Outcome(ConnectionStatus.FAILED, "link_not_valid")
    if claim.is_repeated:
        return _what_became_of(claim)
    if claim.is_overdue:
        return _fail(claim, "expired")
    if refusal is not None:
        return _fail(claim, "access_denied" if refusal == "access_denied" else "tiktok_refused")
    if not code:
        return _fail(claim, "code_missing")
    asked_at = clock.now()
    end_reading()
    try:
        grant = _exchange(claim, code, vault, settings)
    except (TikTokError, DecryptionFailed) as error:
        log.warning("connection.failed", connection=str(claim.id), error=str(error))
        return _fail(claim, _reason_of(error))
    info = _read_profile(grant, vault)
    with transaction():
        outcome = _store(claim, grant, info, asked_at, vault)
        if outcome.account_id is not None:
            person = Identity(claim.owner_id, None, address=address)
            facts = {"username": outcome.name, "connection_id": str(claim.id)}
            audit.record(person, "account.connected", subject_id=outcome.account_id, **facts)
        return outcome


def _claim(state: str) -> _Claim | None:
    """The attempt that this state belongs to, which is thereby used up. Returns None if there is none."""
    query = select(Connection).where(Connection.state_hash == _hash(state)).with_for_update()
    connection = db.session.scalar(query)
    if connection is None:
        return None
    claim = _Claim(
        connection.id,
        connection.owner_id,
        tuple(connection.scopes),
        connection.return_url,
        connection.code_verifier_encrypted,
        connection.is_overdue,
        is_repeated=connection.claimed_at is not None,
    )
    if not claim.is_repeated:
        connection.claimed_at = clock.now()
        connection.code_verifier_encrypted = None
    return claim


def _what_became_of(claim: _Claim) -> Outcome:
    """What the first callback did. While it is still asking TikTok, wait for it a few seconds."""
    deadline = time.monotonic() + _REPEATED_WAITS_SECONDS
    while (outcome := _recorded(claim)).status is ConnectionStatus.PENDING and time.monotonic() < deadline:
        end_reading()
        time.sleep(_LOOK_AGAIN_SECONDS)  # between two looks at what another request is about to store
    return outcome


def _recorded(claim: _Claim) -> Outcome:
    connection = db.session.get(Connection, claim.id, populate_existing=True)
    if connection is None:
        return Outcome(ConnectionStatus.FAILED, "link_not_valid")
    status, reason = connection.shown_status, connection.shown_reason
    account = db.session.get(Account, connection.account_id) if connection.account_id else None
    if status is ConnectionStatus.CONNECTED and account is None:  # disconnected since
        return Outcome(ConnectionStatus.FAILED, "link_not_valid", claim.id, claim.return_url)
    name = account.shown_name if account else connection.other_creator
    expected = _expected(connection)
    expected_name = expected.shown_name if expected else None
    return Outcome(status, reason, claim.id, claim.return_url, name, connection.account_id, expected_name)


def _exchange(claim: _Claim, code: str, vault: TokenVault, settings: Settings) -> TokenGrant:
    encrypted, column = claim.code_verifier_encrypted, Connection.code_verifier_encrypted
    code_verifier = vault.encryptor.decrypt(encrypted, column, claim.id) if encrypted else None
    return vault.tiktok.exchange_code(code=code, redirect_uri=_redirect_uri(settings), code_verifier=code_verifier)


def _read_profile(grant: TokenGrant, vault: TokenVault) -> UserInfo | None:
    """Who it is. The code is used up, so failing here must not cost the account: the first sync asks again."""
    try:
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
            return "expired"  # the key that sealed the verifier has left the ring meanwhile


def _fail(claim: _Claim, reason: str) -> Outcome:
    failed = update(Connection).where(Connection.id == claim.id).values(status=ConnectionStatus.FAILED, reason=reason)
    with transaction() as session:
        session.execute(failed)
    return Outcome(ConnectionStatus.FAILED, reason, claim.id, claim.return_url)


def _store(claim: _Claim, grant: TokenGrant, info: UserInfo | None, asked_at: datetime, vault: TokenVault) -> Outcome:
    # The user's row first, as whoever leaves takes it: they wait for us, and their farewell includes this account.
    db.session.execute(select(User.id).where(User.id == claim.owner_id).with_for_update(read=True, key_share=True))
    connection = db.session.get(Connection, claim.id, with_for_update=True)
    if connection is None:  # its user has left meanwhile
        disconnection.let_go(grant, vault)
        return Outcome(ConnectionStatus.FAILED, "link_not_valid")
    if (expected := _expected(connection)) is not None and expected.open_id != grant.open_id:
        return _refuse_other(claim, connection, expected, grant, info, vault)
    account, is_new = _find_or_add(claim, grant, asked_at, vault)
    if account.owner_id != claim.owner_id:
        # These tokens act for the other user's account too: they are dropped, not revoked.
        return _fail(claim, "account_already_connected")
    if not is_new:
        tokens.store_grant(account, grant, asked_at=asked_at, encryptor=vault.encryptor)
        account.creator_info = account.creator_info_at = account.posting_refusal = None
    account.connected_at = asked_at
    connection.status, connection.account_id = ConnectionStatus.CONNECTED, account.id
    # A disconnection that TikTok has not heard of yet would take the new grant with it.
    db.session.execute(delete(Revocation).where(Revocation.open_id == grant.open_id))
    db.session.flush()
    services.promise_sync(account)
    events.announce("account.connected" if is_new else "account.reconnected", account=account)
    if info is not None:
        services.store_profile(account, info, captured_at=asked_at)
    return Outcome(ConnectionStatus.CONNECTED, None, claim.id, claim.return_url, account.shown_name, account.id)


def _expected(connection: Connection) -> Account | None:
    """The account that is to be reconnected, if one is named."""
    return db.session.get(Account, connection.expected_account_id) if connection.expected_account_id else None


def _refuse_other(
    claim: _Claim,
    connection: Connection,
    expected: Account,
    grant: TokenGrant,
    info: UserInfo | None,
    vault: TokenVault,
) -> Outcome:
    """Another creator consented than the one to reconnect: no account is added, and TikTok is told to forget the grant.

    Unless that creator is connected here: revoking would end that connection too, so the tokens are only dropped.
    """
    if db.session.scalar(select(Account.id).where(Account.open_id == grant.open_id)) is None:
        disconnection.let_go(grant, vault)
    connection.status, connection.reason = ConnectionStatus.FAILED, "another_creator"
    connection.other_creator = (info.display_name or info.username) if info else None
    return Outcome(
        ConnectionStatus.FAILED,
        connection.reason,
        claim.id,
        claim.return_url,
        connection.other_creator,
        expected_name=expected.shown_name,
    )


def _find_or_add(claim: _Claim, grant: TokenGrant, asked_at: datetime, vault: TokenVault) -> tuple[Account, bool]:
    """The account behind the grant, locked, and whether it is new."""
    by_open_id = select(Account).where(Account.open_id == grant.open_id).with_for_update()
    known = db.session.scalar(by_open_id)
    if known is not None:
        return known, False
    account = Account(
        id=new_id(),
        owner_id=claim.owner_id,
        open_id=grant.open_id,
        scopes=list(claim.scopes),
        connected_at=asked_at,
    )
    tokens.store_grant(account, grant, asked_at=asked_at, encryptor=vault.encryptor)
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError:  # two browsers came back at once
        return db.session.scalars(by_open_id).one(), False
    return account, True


def _redirect_uri(settings: Settings) -> str:
    return settings.public_url + CALLBACK_PATH


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _encrypt_verifier(code_verifier: str | None, connection_id: UUID, vault: TokenVault) -> bytes | None:
    if code_verifier is None:
        return None
    return vault.encryptor.encrypt(code_verifier, Connection.code_verifier_encrypted, connection_id)


def _allowed_origins(settings: Settings) -> set[str | None]:
    return {_origin(url) for url in (*settings.return_url_origins, settings.public_url)} - {None}


def _origin(url: str) -> str | None:
    """`scheme://host:port` of a plain http(s) URL; None for anything that browsers might read in another way."""
    if not _URL_LETTERS.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port}"
