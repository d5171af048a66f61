"""The OAuth endpoints: exchange of a code, refresh, app token and revoke."""

import re
from typing import Any

from flask import Blueprint, Response, request

from tiktok_api.simulator.api.envelopes import OAuthRefusal, json_response
from tiktok_api.simulator.background import revocation
from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.consents import Code, Grant, Token
from tiktok_api.simulator.world import token_retention
from tiktok_api.simulator.world.ids import base64url_challenge, hex_challenge
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("oauth", __name__, url_prefix="/v2/oauth")

CLIENT_TOKEN_SECONDS = 7_200
FORM = "application/x-www-form-urlencoded"
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
MALFORMED = "The request parameters are malformed."


@blueprint.post("/token/")
def issue_token() -> Response:
    """Exchange a code, a refresh token or the app's secret for tokens."""
    world = current_world()
    with world.moment() as now:
        app = _authenticated_app(world)
        grant_type = request.form.get("grant_type")
        if grant_type == "authorization_code":
            return json_response(_exchange_code(world, app, now))
        if grant_type == "refresh_token":
            return json_response(_refresh(world, app, now))
        if grant_type == "client_credentials":
            value = world.ids.token("clt")
            world.client_tokens[value] = now + CLIENT_TOKEN_SECONDS
            token_retention.forget_tokens(world, now)
            return json_response({"access_token": value, "expires_in": CLIENT_TOKEN_SECONDS, "token_type": "Bearer"})
        if not grant_type:
            raise OAuthRefusal("invalid_request", MALFORMED)
        raise OAuthRefusal("unsupported_grant_type", "The grant_type is not supported.")


@blueprint.post("/revoke/")
def revoke_token() -> Response:
    """End the consent to which a token belongs, with all its tokens."""
    world = current_world()
    with world.moment() as now:
        app = _authenticated_app(world)
        token = world.access_tokens.get(_required_field("token"))
        if token is None or token.client_key != app.client_key or token.expires_at <= now:
            raise OAuthRefusal("invalid_request", "Access token is invalid or expired.")
        revocation.remove_authorization(world, app.client_key, token.username, revocation.DEVELOPER_REVOKED, now)
        if world.options.revoke_body == "empty":
            return Response(status=200)
        return json_response({})


def _authenticated_app(world: World) -> App:
    if request.mimetype != FORM:
        raise OAuthRefusal("invalid_request", MALFORMED)
    app = world.apps.get(_required_field("client_key"))
    secret = request.form.get("client_secret")
    if not secret:
        raise OAuthRefusal("invalid_request", "Client secret is missed in request.")
    if app is None or app.client_secret != secret:
        raise OAuthRefusal("invalid_client", "Client key or secret is incorrect.")
    return app


def _required_field(name: str) -> str:
    value = request.form.get(name)
    if not value:
        raise OAuthRefusal("invalid_request", MALFORMED)
    return value


def _exchange_code(world: World, app: App, now: float) -> dict[str, Any]:
    code = world.codes.get(_required_field("code"))
    redirect_uri = _required_field("redirect_uri")
    if code is None or code.client_key != app.client_key or code.expires_at <= now:
        raise OAuthRefusal("invalid_grant", "Authorization code is expired.")
    if code.redirect_uri != redirect_uri:
        raise OAuthRefusal("invalid_request", "Redirect_uri is not matched with the uri when requesting code.")
    _check_verifier(world, app, code)
    del world.codes[code.value]
    key = (code.client_key, code.username)
    if key not in world.grants:
        raise OAuthRefusal("invalid_grant", "Authorization code is expired.")
    grant = Grant(*key, code.scopes, now, now + world.options.refresh_token_seconds)
    world.grants[key] = grant
    return _issue(world, grant, _new_refresh_token(world, grant), now)


def _check_verifier(world: World, app: App, code: Code) -> None:
    """Raises OAuthRefusal for a wrong verifier: desktop apps use hexadecimal challenges, web apps any or none."""
    verifier = request.form.get("code_verifier", "")
    if app.type == "desktop":
        allowed = {hex_challenge(verifier)}
    elif code.challenge is None or world.options.web_pkce == "ignored":
        return
    else:
        forms = {"hex": hex_challenge(verifier), "base64url": base64url_challenge(verifier)}
        allowed = set(forms.values()) if world.options.web_pkce == "either" else {forms[world.options.web_pkce]}
    if not VERIFIER.fullmatch(verifier) or code.challenge not in allowed:
        raise OAuthRefusal("invalid_request", "Code verifier or code challenge is invalid.")


def _refresh(world: World, app: App, now: float) -> dict[str, Any]:
    token = world.refresh_tokens.get(_required_field("refresh_token"))
    if (
        token is None
        or token.client_key != app.client_key
        or token.expires_at <= now
        or (world.options.refresh_rejected and app.sandbox)
    ):
        raise OAuthRefusal("invalid_grant", "Refresh token is invalid or expired.")
    grant = token.grant
    if world.options.refresh_restarts:
        grant.refresh_expires_at = token.expires_at = now + world.options.refresh_token_seconds
    rotation = world.options.rotation
    if rotation == "always" or (rotation == "random" and world.ids.chance() < 0.5):
        if not world.options.old_refresh_survives:
            del world.refresh_tokens[token.value]
        token = _new_refresh_token(world, grant)
    return _issue(world, grant, token, now)


def _new_refresh_token(world: World, grant: Grant) -> Token:
    token = Token(world.ids.token("rft"), grant, grant.refresh_expires_at)
    world.refresh_tokens[token.value] = token
    return token


def _issue(world: World, grant: Grant, refresh_token: Token, now: float) -> dict[str, Any]:
    lifetime = world.options.access_token_seconds
    access_token = Token(world.ids.token("act"), grant, now + lifetime)
    world.access_tokens[access_token.value] = access_token
    token_retention.forget_tokens(world, now)
    return {
        "access_token": access_token.value,
        "expires_in": lifetime,
        "open_id": world.ids.open_id(grant.client_key, grant.username),
        "refresh_expires_in": max(0, int(refresh_token.expires_at - now)),
        "refresh_token": refresh_token.value,
        "scope": ",".join(grant.scopes),
        "token_type": "Bearer",
    }
