"""The consent page: `/v2/auth/authorize/`, for a browser, or for a script in one POST.

A script posts `creator=<username>&decision=allow&scopes=<one per scope>` (or `decision=deny`) to the URL that a
browser would open, query included, and finds its answer in the `Location` of the 302.

Unlike the API, the page also exists without its trailing slash: half of all clients leave it out.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from tiktok_api.simulator.api.authorization import foreign_origin
from tiktok_api.simulator.api.envelopes import new_log_id
from tiktok_api.simulator.models.apps import App
from tiktok_api.simulator.models.consents import Code, Grant
from tiktok_api.simulator.world import token_retention
from tiktok_api.simulator.world.portal import is_registered
from tiktok_api.simulator.world.world import World, current_world

blueprint = Blueprint("consent", __name__)

SESSION_COOKIE = "simulator_session"
ERROR_CODES = {"client_key": 10003, "redirect_uri": 10006, "scope": 10005, "non_sandbox_target": 10017}

MEANINGS = {
    "user.info.basic": "See your name and picture",
    "user.info.profile": "See your username, bio and whether you are verified",
    "user.info.stats": "See how many followers, likes and videos you have",
    "video.list": "See your public videos and their numbers",
    "video.upload": "Put drafts into your inbox",
    "video.publish": "Publish on your profile",
}


class AuthorizationRefused(Exception):
    """TikTok refuses the request of an app on its own page, without a redirect."""

    def __init__(self, error: str, error_type: str, explanation: str) -> None:
        super().__init__(explanation)
        self.error = error
        self.error_type = error_type
        self.explanation = explanation


@dataclass
class AuthorizationRequest:
    """A valid request of an app for the consent of a person."""

    app: App
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str | None
    challenge: str | None


@blueprint.errorhandler(AuthorizationRefused)
def show_refusal(refusal: AuthorizationRefused) -> AnyResponse:
    """Show an error and its codes on TikTok's page; the browser is not redirected to the app."""
    number = ERROR_CODES.get(refusal.error_type, 10002)
    marks = urlencode({"error": refusal.error, "error_type": refusal.error_type, "errCode": number})
    page = Response(render_template("refusal.html", refusal=refusal, marks=marks, log_id=new_log_id()))
    page.headers["Content-Location"] = f"{request.path}?{marks}"
    return page


@blueprint.get("/v2/auth/authorize/", strict_slashes=False)
def show_consent_page() -> AnyResponse | str:
    """Show the consent page, or skip it if the signed-in creator has granted all scopes before."""
    world = current_world()
    with world.moment() as now:
        authorization = _read_request(world)
        username = request.cookies.get(SESSION_COOKIE, "")
        grant = world.grants.get((authorization.app.client_key, username))
        may_skip = request.args.get("disable_auto_auth", "0") == "0"
        if may_skip and grant is not None and set(authorization.scopes) <= set(grant.scopes):
            return _redirect_with_code(world, authorization, username, authorization.scopes, now)
        creators = list(world.creators.values())
    return render_template(
        "consent.html", authorization=authorization, creators=creators, signed_in=username, scopes=MEANINGS
    )


@blueprint.post("/v2/auth/authorize/", strict_slashes=False)
def decide() -> AnyResponse:
    """Redirect the browser to the app with a code, or with a refusal."""
    world = current_world()
    with world.moment() as now:
        authorization = _read_request(world)
        if problem := foreign_origin():
            raise AuthorizationRefused("access_denied", "origin", f"A person decides on this page alone: {problem}.")
        username = request.form.get("creator") or request.cookies.get(SESSION_COOKIE, "")
        creator = world.creators.get(username)
        if request.form.get("decision") != "allow":
            return _redirect_with_refusal(authorization, "The user denied the authorization request.")
        if creator is None:
            raise AuthorizationRefused("access_denied", "user", "No creator of this name is signed in.")
        if authorization.app.sandbox and username not in authorization.app.sandbox_targets:
            raise AuthorizationRefused(
                "non_sandbox_target", "non_sandbox_target", "This account is no target user of the sandbox."
            )
        if not creator.eligible:
            return _redirect_with_refusal(authorization, "The account is not eligible.")
        ticked = set(",".join(request.form.getlist("scopes")).split(","))
        scopes = tuple(scope for scope in authorization.scopes if scope in ticked or scope == "user.info.basic")
        if not scopes:
            return _redirect_with_refusal(authorization, "The user granted none of the scopes.")
        response = _redirect_with_code(world, authorization, username, scopes, now)
        response.set_cookie(SESSION_COOKIE, username, httponly=True, samesite="Lax")
        return response


def _read_request(world: World) -> AuthorizationRequest:
    """Returns the request of an app. Raises AuthorizationRefused."""
    query = request.args
    app = world.apps.get(query.get("client_key", ""))
    if app is None or not app.reviewed:
        raise AuthorizationRefused(
            "unauthorized_client", "client_key", "The client_key is unknown or its app is not reviewed."
        )
    redirect_uri = query.get("redirect_uri", "")
    if not is_registered(app, redirect_uri):
        raise AuthorizationRefused(
            "invalid_request", "redirect_uri", "The redirect_uri is not registered for this app."
        )
    if query.get("response_type") != "code":
        raise AuthorizationRefused("unsupported_response_type", "response_type", "The response_type must be code.")
    scopes = tuple(query.get("scope", "").split(","))
    unapproved = [scope for scope in scopes if scope not in app.scopes]
    if unapproved:
        raise AuthorizationRefused(
            "invalid_scope", "scope", f"Not approved for this app: {', '.join(unapproved) or 'no scope'}."
        )
    challenge = query.get("code_challenge")
    if app.type == "desktop" and not challenge:
        raise AuthorizationRefused("invalid_request", "code_challenge", "A desktop app must send a code_challenge.")
    if challenge and query.get("code_challenge_method") != "S256":
        raise AuthorizationRefused("invalid_request", "code_challenge", "The code_challenge_method must be S256.")
    return AuthorizationRequest(app, scopes, redirect_uri, query.get("state"), challenge)


def _redirect_with_code(
    world: World, authorization: AuthorizationRequest, username: str, scopes: tuple[str, ...], now: float
) -> AnyResponse:
    expires_at = now + world.options.code_seconds
    value = world.ids.code()
    world.codes[value] = Code(
        value,
        authorization.app.client_key,
        username,
        scopes,
        authorization.redirect_uri,
        authorization.challenge,
        expires_at,
    )
    token_retention.forget_tokens(world, now)
    key = (authorization.app.client_key, username)
    earlier = world.grants.get(key)
    world.grants[key] = Grant(
        *key, scopes=scopes, granted_at=now, refresh_expires_at=earlier.refresh_expires_at if earlier else 0
    )
    return _redirect(authorization, {"code": value, "scopes": ",".join(scopes)})


def _redirect_with_refusal(authorization: AuthorizationRequest, description: str) -> AnyResponse:
    return _redirect(authorization, {"error": "access_denied", "error_description": description})


def _redirect(authorization: AuthorizationRequest, answer: dict[str, str]) -> AnyResponse:
    if authorization.state is not None:
        answer["state"] = authorization.state
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in answer.items())
    return redirect(f"{authorization.redirect_uri}?{query}", 302)
