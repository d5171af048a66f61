"""Answers in TikTok's two shapes: the envelope of the data endpoints and the flat object of OAuth."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from tiktok_api.simulator.api.json import written
from tiktok_api.simulator.world.world import current_world

GUIDELINES = "Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/"
URL_RULES = (
    "Please review our URL ownership verification rules at "
    "https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide/#pull_from_url"
)

UNSUPPORTED_PATH = "Unsupported path(Janus)"
"""What TikTok's gateway says to a path that it does not know, one without its last slash, and a wrong method."""
PAGES = ("/v2/auth/", "/_simulator", "/cdn/")

MESSAGES = {
    "access_token_invalid": "The access token is invalid or not found in the request.",
    "scope_not_authorized": "The user did not authorize the scope required for completing this request.",
    "scope_permission_missed": "The requested fields are not covered by the granted scopes.",
    "rate_limit_exceeded": "The API rate limit was exceeded. Please try again later.",
    "internal_error": "Something went wrong. Please try again later.",
    "url_ownership_unverified": URL_RULES,
    "invalid_publish_id": "The publish_id does not exist.",
    "token_not_authorized_for_specified_publish_id": "The access token does not belong to this publish_id.",
    "publish_not_cancellable": "This publication can no longer be cancelled.",
    "app_version_check_failed": "The user's TikTok app is older than 31.8.",
}

STATUSES = {
    "access_token_invalid": 401,
    "scope_not_authorized": 401,
    "rate_limit_exceeded": 429,
    "internal_error": 500,
    "spam_risk_too_many_posts": 403,
    "spam_risk_user_banned_from_posting": 403,
    "spam_risk_too_many_pending_share": 403,
    "reached_active_user_cap": 403,
    "unaudited_client_can_only_post_to_private_accounts": 403,
    "url_ownership_unverified": 403,
    "privacy_level_option_mismatch": 403,
}


class Refusal(Exception):
    """A data endpoint says no: code, HTTP status and message of the envelope."""

    def __init__(self, code: str, message: str = "", status: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.status = status or STATUSES.get(code, 400)
        self.message = message or MESSAGES.get(code) or (GUIDELINES if self.status == 403 else code)


class OAuthRefusal(Exception):
    """An OAuth endpoint says no: `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def bad_params(message: str) -> Refusal:
    """The refusal of a parameter, spelt as the knob says."""
    return Refusal(current_world().knobs.param_code, message, 400)


def compact(body: Any, status: int = 200) -> Response:
    """A JSON answer without spaces, whose numbers keep their 19 digits."""
    return Response(written(body), status, content_type="application/json; charset=utf-8")


def envelope(code: str, message: str, log_id: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    """The body of a data endpoint."""
    error = {"code": code, "message": message, "log_id": log_id}
    return {"error": error} if data is None else {"data": data, "error": error}


def granted(data: Mapping[str, Any] | None) -> Response:
    """A yes with data; None leaves the key out."""
    return compact(envelope("ok", "", new_log_id(), data))


def refused(code: str, message: str, status: int) -> Response:
    """A no in the envelope."""
    data: dict[str, Any] | None = {} if current_world().knobs.error_data == "empty" else None
    return compact(envelope(code, message, new_log_id(), data), status)


def oauth_error(error: str, description: str) -> dict[str, str]:
    """The body of an OAuth error."""
    return {"error": error, "error_description": description, "log_id": new_log_id()}


def new_log_id() -> str:
    """An id for this answer."""
    world = current_world()
    with world.lock:
        return world.mint.log_id(world.clock.now())


def _note(code: str) -> None:
    """Let the journal know why."""
    request.environ.get("simulator.entry", {})["code"] = code


def register_error_shapes(app: Flask) -> None:
    """Turn every no of this application into the shape of the endpoint that says it."""

    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> Response:
        _note(refusal.code)
        return refused(refusal.code, refusal.message, refusal.status)

    @app.errorhandler(OAuthRefusal)
    def refuse_oauth(refusal: OAuthRefusal) -> Response:
        _note(refusal.error)
        status = current_world().knobs.oauth_error_status
        return compact(oauth_error(refusal.error, refusal.description), status)

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response | HTTPException:
        if request.path.startswith("/_simulator/v1"):
            return compact({"error": error.description or error.name}, error.code or 500)
        if error.code in (404, 405) and not request.path.startswith(PAGES):
            return Response(UNSUPPORTED_PATH, 404, content_type="text/plain; charset=utf-8")
        is_page = request.path.startswith("/v2/auth/") or not request.path.startswith("/v2/")
        if is_page:
            return error
        if request.path.startswith("/v2/oauth/"):
            word = "server_error" if (error.code or 500) >= 500 else "invalid_request"
            return compact(oauth_error(word, error.description or error.name), error.code or 500)
        code = "internal_error" if (error.code or 500) >= 500 else current_world().knobs.param_code
        return refused(code, error.description or error.name, error.code or 500)
