"""OAuth: the consent page's URL, and tokens for the code that it returns."""

import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Literal
from urllib.parse import urlencode

from structlog import get_logger

from tiktok_api.tiktok import parsing
from tiktok_api.tiktok.answers import ApiAnswer
from tiktok_api.tiktok.types import TokenGrant
from tiktok_api.tiktok.wire import Wire, is_sendable

AppType = Literal["web", "desktop"]

# Only for an answer that names no lifetime: the shorter of the two that TikTok has published, so as to renew early.
SHORTEST_ACCESS_SECONDS = 7_200
SHORTEST_REFRESH_SECONDS = 180 * 86_400

log = get_logger(__name__)


def code_challenge(code_verifier: str) -> str:
    """TikTok's own PKCE: lower-case hex of SHA-256, although it calls it S256 (RFC 7636 has base64url)."""
    return sha256(code_verifier.encode("ascii")).hexdigest()


class OAuthApi:
    """Login Kit for web and desktop apps."""

    _wire: Wire
    _client_key: str
    _client_secret: str
    _authorize_url: str
    _app_type: AppType

    def new_code_verifier(self) -> str | None:
        """A fresh PKCE verifier (64 of RFC 7636's 43 to 128 characters) for desktop apps; None for web apps."""
        return secrets.token_urlsafe(48) if self._app_type == "desktop" else None

    def build_authorize_url(
        self, *, state: str, redirect_uri: str, scopes: Sequence[str], code_verifier: str | None = None
    ) -> str:
        """Where to send the person. TikTok asks every time, so that a second account can be chosen.

        `redirect_uri` must equal a registered one to the byte. Raises ValueError for a desktop app without a verifier.
        """
        self._require_verifier(code_verifier)
        query = {
            "client_key": self._client_key,
            "response_type": "code",
            "scope": ",".join(scopes),
            "redirect_uri": redirect_uri,
            "state": state,
            "disable_auto_auth": "1",
        }
        if code_verifier is not None:
            query |= {"code_challenge": code_challenge(code_verifier), "code_challenge_method": "S256"}
        return f"{self._authorize_url}?{urlencode(query, safe=',')}"

    def exchange_code(self, *, code: str, redirect_uri: str, code_verifier: str | None = None) -> TokenGrant:
        """Tokens for the callback's `code` (decoded once, as frameworks do), which is used up by this.

        Raises GrantInvalid for a code that is used up or expired, TikTokRefusal when the app's keys, the redirect URI
        or the verifier are wrong, TikTokUnreachable (the code may be used up: connect again), TikTokBusy.
        """
        self._require_verifier(code_verifier)
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if code_verifier is not None:
            fields["code_verifier"] = code_verifier
        answer = self._token(fields, hide=(code, code_verifier))
        grant = _grant(answer)
        if not grant.open_id or not grant.refresh_token:
            raise answer.unusable("open_id or refresh_token")
        return grant

    def refresh_token(self, refresh_token: str) -> TokenGrant:
        """A new access token. The refresh token may have changed with it: store the grant before using it.

        Raises GrantInvalid (the person must connect again), TikTokRefusal when the app's keys are wrong,
        TikTokUnreachable (if `was_sent`, TikTok may have rotated the token), TikTokBusy.
        """
        answer = self._token({"grant_type": "refresh_token", "refresh_token": refresh_token}, hide=(refresh_token,))
        return _grant(answer, refreshed=refresh_token)

    def check_app(self) -> None:
        """Ask for a token of the app itself, which needs nothing but its key and secret, and drop it.

        Raises TikTokRefusal when they are wrong, TikTokUnreachable, TikTokBusy.
        """
        answer = self._token({"grant_type": "client_credentials"}, hide=())
        if _has_error(answer) or parsing.text(answer.document.get("access_token")) is None:
            raise answer.error()

    def revoke_token(self, access_token: str) -> None:
        """Take the app off the user's list. Afterwards the refresh token is to be treated as dead too.

        Raises AccessRevoked when the token was dead already, TikTokRefusal, TikTokUnreachable, TikTokBusy.
        """
        fields = {"client_key": self._client_key, "client_secret": self._client_secret, "token": access_token}
        answer = self._wire.post_form("/v2/oauth/revoke/", fields, secrets=(self._client_secret, access_token))
        is_readable = not answer.body.strip() or parsing.document(answer.body) == {} or bool(answer.document)
        if _has_error(answer) or answer.http_status not in range(200, 300) or not is_readable:
            raise answer.error()

    def _require_verifier(self, code_verifier: str | None) -> None:
        if self._app_type == "desktop" and not code_verifier:
            raise ValueError("TikTok requires PKCE of desktop apps: pass what new_code_verifier() returned")

    def _token(self, fields: Mapping[str, str], *, hide: Sequence[str | None]) -> ApiAnswer:
        form = {"client_key": self._client_key, "client_secret": self._client_secret, **fields}
        return self._wire.post_form("/v2/oauth/token/", form, secrets=(self._client_secret, *hide))


def _has_error(answer: ApiAnswer) -> bool:
    """Returns True if a response names an error, even an unknown one."""
    return answer.code != "ok" and bool(answer.code or answer.document.get("error"))


def _grant(answer: ApiAnswer, *, refreshed: str = "") -> TokenGrant:
    """Success is a token without an error, whatever the HTTP status: that of OAuth errors is undocumented."""
    body = answer.document
    access_token = parsing.text(body.get("access_token"))
    if _has_error(answer) or access_token is None or not is_sendable(access_token):
        raise answer.error()
    expires_in = parsing.lifetime(body.get("expires_in"))
    refresh_expires_in = parsing.lifetime(body.get("refresh_expires_in"))
    if expires_in is None or refresh_expires_in is None:
        # Raising would lose a rotated refresh token, and the account with it.
        log.warning("tiktok.lifetime_missing", operation=answer.operation, log_id=answer.log_id)
    return TokenGrant(
        access_token=access_token,
        refresh_token=parsing.text(body.get("refresh_token")) or refreshed,
        expires_in=SHORTEST_ACCESS_SECONDS if expires_in is None else expires_in,
        refresh_expires_in=SHORTEST_REFRESH_SECONDS if refresh_expires_in is None else refresh_expires_in,
        open_id=parsing.text(body.get("open_id")) or "",
        scopes=parsing.words(body.get("scope")),
        token_type=parsing.text(body.get("token_type")) or "Bearer",
    )
