"""Requests for a person's consent: where the browser goes at TikTok, and where it may be sent afterwards."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from tiktok_api import clock
from tiktok_api.accounts import services
from tiktok_api.accounts.errors import ReturnUrlNotAllowed
from tiktok_api.accounts.models import BASIC_SCOPE, SCOPES, Connection
from tiktok_api.accounts.token_refresh import TokenVault
from tiktok_api.auth import audit
from tiktok_api.auth.identity import Identity
from tiktok_api.db import db, new_id
from tiktok_api.encryption import hash_token
from tiktok_api.settings import Settings

CALLBACK_PATH = "/api/v1/accounts/callback"
LIFETIME = timedelta(minutes=10)
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]!$&'()*+,;=%-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Where to send the person, and until when."""

    id: UUID
    authorize_url: str
    expires_at: datetime


def check_request(
    caller: Identity, return_url: str | None, settings: Settings, *, account_id: UUID | None = None
) -> None:
    """Raises KeyConfined, NotFound or ReturnUrlNotAllowed if the caller may not connect an account, or reconnect this one."""
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
) -> AuthorizationRequest:
    """Start to connect an account, or to reconnect `account_id`. Returns a request that is valid for ten minutes.

    Raises KeyConfined, NotFound, ReturnUrlNotAllowed.
    """
    check_request(caller, return_url, settings, account_id=account_id)
    connection_id, state, code_verifier = new_id(), secrets.token_urlsafe(32), vault.tiktok.new_code_verifier()
    # Login Kit grants user.info.basic in any case; asking for it lets the profile be read.
    wanted = scopes or settings.tiktok_scopes or SCOPES
    requested = [scope for scope in SCOPES if scope in wanted or scope == BASIC_SCOPE]
    connection = Connection(
        id=connection_id,
        owner_id=caller.user_id,
        state_hash=hash_token(state),  # a copy of the database cannot be used to finish a connection
        code_verifier_encrypted=_encrypt_verifier(code_verifier, connection_id, vault),
        return_url=return_url,
        scopes=requested,
        expected_account_id=account_id,
        expires_at=clock.now() + LIFETIME,
    )
    db.session.add(connection)
    db.session.flush()
    audit.record(caller, "connection.started", subject_id=connection_id)
    authorize_url = vault.tiktok.build_authorize_url(
        state=state, redirect_uri=redirect_uri(settings), scopes=requested, code_verifier=code_verifier
    )
    return AuthorizationRequest(connection_id, authorize_url, connection.expires_at)


def redirect_uri(settings: Settings) -> str:
    """Returns the address that is registered with TikTok and that it sends the browser back to."""
    return settings.public_url + CALLBACK_PATH


def _encrypt_verifier(code_verifier: str | None, connection_id: UUID, vault: TokenVault) -> bytes | None:
    if code_verifier is None:
        return None
    return vault.encryptor.encrypt(code_verifier, Connection.code_verifier_encrypted, connection_id)


def _allowed_origins(settings: Settings) -> set[str | None]:
    return {_origin(url) for url in (*settings.return_url_origins, settings.public_url)} - {None}


def _origin(url: str) -> str | None:
    """Returns `scheme://host:port` of a plain http(s) URL; None for a URL that browsers might read in another way."""
    if not _URL_CHARACTERS.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port}"
