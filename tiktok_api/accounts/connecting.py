"""Connecting an account: sending a person to TikTok's consent page, and what they bring back.

The callback breathes three times: the state is claimed in a transaction of its own (so that it works once), TikTok is
asked outside any, and what it gave is stored in a second one. If the process dies in between, or storing fails, the
code is used up and nothing is kept: the attempt stays pending until it expires, and the person connects again. What
TikTok granted then stays in their list of apps, unused, until they do.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from tiktok_api import clock, events
from tiktok_api.accounts import revoking, services, vault
from tiktok_api.accounts.errors import ReturnUrlNotAllowed
from tiktok_api.accounts.models import SCOPES, Account, Connection, ConnectionStatus, Revocation
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import User
from tiktok_api.db import db, end_reading, new_id, transaction
from tiktok_api.sealing import SealBroken, Sealer
from tiktok_api.settings import Settings
from tiktok_api.tiktok import (
    GrantInvalid,
    TikTokBusy,
    TikTokClient,
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
    code_verifier_sealed: bytes | None
    is_overdue: bool


def must_be_allowed(caller: Identity, return_url: str | None, settings: Settings) -> None:
    """Raises KeyConfined, ReturnUrlNotAllowed."""
    caller.must_reach_all_accounts()
    if return_url is not None and _origin(return_url) not in _allowed_origins(settings):
        fault = {"pointer": "/return_url", "code": ReturnUrlNotAllowed.code, "message": ReturnUrlNotAllowed.message}
        raise ReturnUrlNotAllowed(errors=[fault])


def start(
    caller: Identity,
    *,
    return_url: str | None,
    scopes: Sequence[str] = (),
    tiktok: TikTokClient,
    sealer: Sealer,
    settings: Settings,
) -> Invitation:
    """A fresh attempt to connect an account, good for ten minutes. Raises KeyConfined, ReturnUrlNotAllowed."""
    must_be_allowed(caller, return_url, settings)
    connection_id, state, code_verifier = new_id(), secrets.token_urlsafe(32), tiktok.new_code_verifier()
    # Login Kit grants user.info.basic in any case; asking for it lets the profile be read.
    wanted = scopes or settings.tiktok_scopes or SCOPES
    asked = [scope for scope in SCOPES if scope in wanted or scope == "user.info.basic"]
    connection = Connection(
        id=connection_id,
        owner_id=caller.user_id,
        state_hash=_hash(state),
        code_verifier_sealed=_seal(sealer, code_verifier, connection_id) if code_verifier else None,
        return_url=return_url,
        scopes=asked,
        expires_at=clock.now() + LIFETIME,
    )
    db.session.add(connection)
    db.session.flush()
    audit.record(caller, "connection.started", subject_id=connection_id)
    authorize_url = tiktok.build_authorize_url(
        state=state, redirect_uri=_redirect_uri(settings), scopes=asked, code_verifier=code_verifier
    )
    return Invitation(connection_id, authorize_url, connection.expires_at)


def finish(
    *,
    state: str,
    code: str | None,
    refusal: str | None,
    tiktok: TikTokClient,
    sealer: Sealer,
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
    if claim.is_overdue:
        return _fail(claim, "expired")
    if refusal is not None:
        return _fail(claim, "access_denied" if refusal == "access_denied" else "tiktok_refused")
    if not code:
        return _fail(claim, "code_missing")
    asked_at = clock.now()
    end_reading()
    try:
        grant = _exchange(claim, code, tiktok, sealer, settings)
    except (TikTokError, SealBroken) as error:
        log.warning("connection.failed", connection=str(claim.id), error=str(error))
        return _fail(claim, _reason_of(error))
    info = _read_profile(grant, tiktok)
    with transaction():
        outcome = _store(claim, grant, info, asked_at, sealer)
        if outcome.account_id is not None:
            person = Identity(claim.owner_id, None, address=address)
            facts = {"username": outcome.name, "connection_id": str(claim.id)}
            audit.record(person, "account.connected", subject_id=outcome.account_id, **facts)
        return outcome


def _claim(state: str) -> _Claim | None:
    """The attempt that this state belongs to, which is thereby used up; None: there is none (any more)."""
    query = select(Connection).where(Connection.state_hash == _hash(state)).with_for_update()
    connection = db.session.scalar(query)
    if connection is None:
        return None
    claim = _Claim(
        connection.id,
        connection.owner_id,
        tuple(connection.scopes),
        connection.return_url,
        connection.code_verifier_sealed,
        connection.is_overdue,
    )
    connection.state_hash = connection.code_verifier_sealed = None
    return claim


def _exchange(claim: _Claim, code: str, tiktok: TikTokClient, sealer: Sealer, settings: Settings) -> TokenGrant:
    sealed = claim.code_verifier_sealed
    place = {"table": Connection.__tablename__, "column": "code_verifier_sealed"}
    code_verifier = sealer.open(sealed, row=claim.id, **place) if sealed else None
    return tiktok.exchange_code(code=code, redirect_uri=_redirect_uri(settings), code_verifier=code_verifier)


def _read_profile(grant: TokenGrant, tiktok: TikTokClient) -> UserInfo | None:
    """Who it is. The code is used up, so failing here must not cost the account: the first sync asks again."""
    try:
        return tiktok.fetch_user_info(grant.access_token, scopes=grant.scopes)
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


def _store(claim: _Claim, grant: TokenGrant, info: UserInfo | None, asked_at: datetime, sealer: Sealer) -> Outcome:
    # The user's row first, as whoever leaves takes it: they wait for us, and their farewell includes this account.
    db.session.execute(select(User.id).where(User.id == claim.owner_id).with_for_update(read=True, key_share=True))
    connection = db.session.get(Connection, claim.id, with_for_update=True)
    if connection is None:  # its user has left meanwhile
        revoking.let_go(grant, sealer=sealer)
        return Outcome(ConnectionStatus.FAILED, "link_not_valid")
    account, is_new = _find_or_add(claim, grant, asked_at, sealer)
    if account.owner_id != claim.owner_id:
        # These tokens act for the other user's account too: they are dropped, not revoked.
        return _fail(claim, "account_already_connected")
    if not is_new:
        vault.put(account, grant, asked_at=asked_at, sealer=sealer)
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
    name = account.display_name or account.username
    return Outcome(ConnectionStatus.CONNECTED, None, claim.id, claim.return_url, name, account.id)


def _find_or_add(claim: _Claim, grant: TokenGrant, asked_at: datetime, sealer: Sealer) -> tuple[Account, bool]:
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
    vault.put(account, grant, asked_at=asked_at, sealer=sealer)
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


def _seal(sealer: Sealer, code_verifier: str, connection_id: UUID) -> bytes:
    return sealer.seal(code_verifier, table=Connection.__tablename__, row=connection_id, column="code_verifier_sealed")


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
