"""The consent page: `/v2/auth/authorize/`, for a browser, or for a script in one POST.

A script posts `creator=<username>&decision=allow&scopes=<one per scope>` (or `decision=deny`) to the URL that a
browser would have opened, query included, and reads where it is sent from the `Location` of the 302.

Unlike the API, the page is there without its trailing slash too: half of all clients leave it out.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from tiktok_api.simulator.api.envelopes import new_log_id
from tiktok_api.simulator.control.access import foreign_origin
from tiktok_api.simulator.state import retention
from tiktok_api.simulator.world.models import App, Code, Grant
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


class NotShown(Exception):
    """What an app asks for is refused on TikTok's own page."""

    def __init__(self, error: str, error_type: str, explanation: str) -> None:
        super().__init__(explanation)
        self.error = error
        self.error_type = error_type
        self.explanation = explanation


@dataclass
class Wish:
    """What an app asks a person for."""

    app: App
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str | None
    challenge: str | None


@blueprint.errorhandler(NotShown)
def show_refusal(refusal: NotShown) -> AnyResponse:
    """Show an error on TikTok's page, marked with what it is; nobody is sent to the app."""
    number = ERROR_CODES.get(refusal.error_type, 10002)
    marks = urlencode({"error": refusal.error, "error_type": refusal.error_type, "errCode": number})
    page = Response(render_template("refusal.html", refusal=refusal, marks=marks, log_id=new_log_id()))
    page.headers["Content-Location"] = f"{request.path}?{marks}"
    return page


@blueprint.get("/v2/auth/authorize/", strict_slashes=False)
def ask_for_consent() -> AnyResponse | str:
    """Show the consent page, or skip it for a browser whose session has granted all of it before."""
    world = current_world()
    with world.moment() as now:
        wish = _read_wish(world)
        username = request.cookies.get(SESSION_COOKIE, "")
        grant = world.grants.get((wish.app.client_key, username))
        may_skip = request.args.get("disable_auto_auth", "0") == "0"
        if may_skip and grant is not None and set(wish.scopes) <= set(grant.scopes):
            return _send_back(world, wish, username, wish.scopes, now)
        creators = list(world.creators.values())
    return render_template("consent.html", wish=wish, creators=creators, signed_in=username, scopes=MEANINGS)


@blueprint.post("/v2/auth/authorize/", strict_slashes=False)
def take_decision() -> AnyResponse:
    """Send the browser back to the app with a code, or with a refusal."""
    world = current_world()
    with world.moment() as now:
        wish = _read_wish(world)
        if problem := foreign_origin():
            raise NotShown("access_denied", "origin", f"A person decides on this page alone: {problem}.")
        username = request.form.get("creator") or request.cookies.get(SESSION_COOKIE, "")
        creator = world.creators.get(username)
        if request.form.get("decision") != "allow":
            return _send_away(wish, "The user denied the authorization request.")
        if creator is None:
            raise NotShown("access_denied", "user", "Nobody of that name is signed in.")
        if wish.app.sandbox and username not in wish.app.sandbox_targets:
            raise NotShown("non_sandbox_target", "non_sandbox_target", "This account is no target user of the sandbox.")
        if not creator.eligible:
            return _send_away(wish, "The account is not eligible.")
        ticked = set(",".join(request.form.getlist("scopes")).split(","))
        scopes = tuple(scope for scope in wish.scopes if scope in ticked or scope == "user.info.basic")
        if not scopes:
            return _send_away(wish, "The user granted none of the scopes.")
        response = _send_back(world, wish, username, scopes, now)
        response.set_cookie(SESSION_COOKIE, username, httponly=True, samesite="Lax")
        return response


def _read_wish(world: World) -> Wish:
    """Everything that is checked before a person is asked; raises NotShown."""
    query = request.args
    app = world.apps.get(query.get("client_key", ""))
    if app is None or not app.reviewed:
        raise NotShown("unauthorized_client", "client_key", "The client_key is unknown or its app is not reviewed.")
    redirect_uri = query.get("redirect_uri", "")
    if not is_registered(app, redirect_uri):
        raise NotShown("invalid_request", "redirect_uri", "The redirect_uri is not registered for this app.")
    if query.get("response_type") != "code":
        raise NotShown("unsupported_response_type", "response_type", "The response_type must be code.")
    scopes = tuple(query.get("scope", "").split(","))
    unapproved = [scope for scope in scopes if scope not in app.scopes]
    if unapproved:
        raise NotShown("invalid_scope", "scope", f"Not approved for this app: {', '.join(unapproved) or 'no scope'}.")
    challenge = query.get("code_challenge")
    if app.type == "desktop" and not challenge:
        raise NotShown("invalid_request", "code_challenge", "A desktop app must send a code_challenge.")
    if challenge and query.get("code_challenge_method") != "S256":
        raise NotShown("invalid_request", "code_challenge", "The code_challenge_method must be S256.")
    return Wish(app, scopes, redirect_uri, query.get("state"), challenge)


def _send_back(world: World, wish: Wish, username: str, scopes: tuple[str, ...], now: float) -> AnyResponse:
    expires_at = now + world.knobs.code_seconds
    value = world.mint.code()
    world.codes[value] = Code(
        value, wish.app.client_key, username, scopes, wish.redirect_uri, wish.challenge, expires_at
    )
    retention.forget_tokens(world, now)
    key = (wish.app.client_key, username)
    held = world.grants.get(key)
    world.grants[key] = Grant(
        *key, scopes=scopes, granted_at=now, refresh_expires_at=held.refresh_expires_at if held else 0
    )
    return _redirected(wish, {"code": value, "scopes": ",".join(scopes)})


def _send_away(wish: Wish, description: str) -> AnyResponse:
    return _redirected(wish, {"error": "access_denied", "error_description": description})


def _redirected(wish: Wish, answer: dict[str, str]) -> AnyResponse:
    if wish.state is not None:
        answer["state"] = wish.state
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in answer.items())
    return redirect(f"{wish.redirect_uri}?{query}", 302)
