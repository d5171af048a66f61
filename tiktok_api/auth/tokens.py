"""Access and refresh tokens: HS256 with a key ring; every claim is checked before any is used."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any
from uuid import UUID

from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, decode_token
from jwt.exceptions import ExpiredSignatureError, InvalidTokenError
from sqlalchemy import Select, select

from tiktok_api.auth import api_keys, sessions
from tiktok_api.auth.errors import InvalidToken, SessionEnded, TokenExpired
from tiktok_api.auth.identity import Identity
from tiktok_api.auth.models import SignInSession
from tiktok_api.db.reads import Given, reading
from tiktok_api.extensions import service
from tiktok_api.settings import KeyRing, Settings
from tiktok_api.web.limits import client_address, is_session_known

jwt = JWTManager()
ACCESS_LIFETIME, REFRESH_LIFETIME = timedelta(hours=24), sessions.LIFETIME
_ISSUER = _AUDIENCE = "tiktok-api"
_LIFETIMES = {"access": ACCESS_LIFETIME, "refresh": REFRESH_LIFETIME}
_HEADER = {"alg", "kid", "typ"}
_LONGEST = 4096
_LEEWAY_SECONDS = 10
"""How far the clocks of our machines may be apart: a token issued by one must not look future to another."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets when it signs in; lifetimes in seconds."""

    access_token: str
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int = int(ACCESS_LIFETIME.total_seconds())
    refresh_expires_in: int = int(REFRESH_LIFETIME.total_seconds())


def install(app: Flask, settings: Settings) -> None:
    """Give flask-jwt-extended our claims and our key ring."""
    app.config.update(
        JWT_SECRET_KEY=settings.derive_key("unused").hex(),  # keys come from the ring below, by `kid`
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_ENCODE_ISSUER=_ISSUER,
        JWT_DECODE_ISSUER=_ISSUER,
        JWT_ENCODE_AUDIENCE=_AUDIENCE,
        JWT_DECODE_AUDIENCE=_AUDIENCE,
        JWT_DECODE_LEEWAY=_LEEWAY_SECONDS,
        JWT_ENCODE_NBF=False,
        JWT_COOKIE_CSRF_PROTECT=False,  # a random claim would keep us from minting the same successor twice
    )
    jwt.init_app(app)


@jwt.encode_key_loader
def _signing_key(_identity: Any) -> bytes:
    keys: KeyRing = service(Settings).jwt_keys
    return next(iter(keys.values()))


@jwt.decode_key_loader
def _verifying_key(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    kid = header.get("kid")
    key: bytes | None = service(Settings).jwt_keys.get(kid) if isinstance(kid, str) else None
    # A header may hold only what we put there, neither `crit` nor a key to be fetched. A missing type would be taken for
    # that of an access token later on.
    if key is None or header.get("typ") != "JWT" or header.keys() != _HEADER or claims.get("type") not in _LIFETIMES:
        raise InvalidTokenError("not signed by a key of ours")
    return key


def mint(session: SignInSession) -> TokenPair:
    """Returns the session's current pair: the same row gives the same tokens, byte for byte."""
    kid = next(iter(service(Settings).jwt_keys))

    def claims(jti: str, lifetime: timedelta) -> dict[str, Any]:
        issued = int(session.issued_at.timestamp())
        return {
            "jti": jti,
            "sid": str(session.id),
            "tz": session.timezone,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
        }

    user, header = str(session.user_id), {"kid": kid}
    return TokenPair(
        create_access_token(
            user, additional_claims=claims(session.access_jtis[-1], ACCESS_LIFETIME), additional_headers=header
        ),
        create_refresh_token(
            user, additional_claims=claims(str(session.refresh_jti), REFRESH_LIFETIME), additional_headers=header
        ),
    )


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a token whose signature, issuer, audience, type and times are right."""

    user_id: UUID
    session_id: UUID
    jti: UUID
    timezone: str
    expires: int


def read(token: str, kind: str) -> Claims:
    """Returns the claims of an `access` or `refresh` token. Raises InvalidToken, TokenExpired."""
    if len(token) > _LONGEST:
        raise InvalidToken
    try:
        claims = decode_token(token)
        user_id, session_id, jti = (UUID(claims[name]) for name in ("sub", "sid", "jti"))
        issued, expires, timezone = claims["iat"], claims["exp"], claims["tz"]
        is_ours = (
            claims["type"] == kind
            and claims["aud"] == _AUDIENCE  # a list that holds us is not for us alone
            and type(issued) is type(expires) is int
            and expires - issued == _LIFETIMES[kind].total_seconds()
            and isinstance(timezone, str)
        )
    except ExpiredSignatureError:
        raise TokenExpired from None
    except Exception as error:  # a forged token may raise anything in the libraries below
        raise InvalidToken from error
    if not is_ours:
        raise InvalidToken
    if expires <= time.time():  # the leeway is for clocks, not for tokens
        raise TokenExpired
    return Claims(user_id, session_id, jti, timezone, expires)


class _VerifiedTokens:
    """Tokens that were verified before: a valid signature stays valid; expiry and session are checked each time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[bytes, Claims] = OrderedDict()
        self._lock = Lock()

    def get(self, token: str) -> Claims:
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            claims = self._found.get(digest)
        if claims is None:
            claims = read(token, "access")
            with self._lock:
                self._found[digest] = claims
                if len(self._found) > self._most:
                    self._found.popitem(last=False)
        if claims.expires <= time.time():
            raise TokenExpired
        return claims


def make_authenticator(most_remembered: int = 10_000) -> Callable[[str], Identity]:
    """Returns the function with which `web/` turns an Authorization header into an identity."""
    verified = _VerifiedTokens(most_remembered)

    def authenticate(authorization: str) -> Identity:
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.casefold() != "bearer" or not token.isascii():
            raise InvalidToken
        if token.startswith(api_keys.PREFIX):
            return api_keys.authenticate(token, address=client_address())
        claims = verified.get(token)
        jti = str(claims.jti)
        if not is_session_known(claims.user_id, str(claims.session_id), jti):
            check_session(claims)
        return Identity(claims.user_id, claims.session_id, claims.timezone, address=client_address(), access_jti=jti)

    return authenticate


@reading
def _session(given: Given) -> Select[Any]:
    columns: list[Any] = [SignInSession.user_id, SignInSession.ended_at, SignInSession.access_jtis]
    return select(*columns).where(SignInSession.id == given["id"])


def check_session(claims: Claims) -> None:
    """Check that the session is active. Raises SessionEnded; InvalidToken for a token that was never issued to it."""
    row = _session.first(id=claims.session_id)
    if row is None or row.ended_at is not None:
        raise SessionEnded
    if row.user_id != claims.user_id or str(claims.jti) not in row.access_jtis:
        raise InvalidToken
