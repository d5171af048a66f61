"""Answers in TikTok's two forms: the envelope of the data endpoints and the flat object of OAuth."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from tiktok_api.simulator.world.json import written
from tiktok_api.simulator.world.world import current_world

GUIDELINES = "Please review our integration guidelines at https://developers.tiktok.com/doc/content-sharing-guidelines/"
URL_RULES = (
    "Please review our URL ownership verification rules at "
    "https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide/#pull_from_url"
)

UNSUPPORTED_PATH = "Unsupported path(Janus)"
"""The answer of TikTok's gateway to an unknown path, a path without its last slash, and a wrong method."""
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
    """A data endpoint refuses a request with this code, HTTP status and message."""

    def __init__(self, code: str, message: str = "", status: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.status = status or STATUSES.get(code, 400)
        self.message = message or MESSAGES.get(code) or (GUIDELINES if self.status == 403 else code)


class OAuthRefusal(Exception):
    """An OAuth endpoint refuses a request with this `error` and `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def invalid_params(message: str) -> Refusal:
    """Returns the refusal of a parameter; the option `param_code` says how its code is spelled."""
    return Refusal(current_world().options.param_code, message, 400)


def json_response(body: Any, status: int = 200) -> Response:
    """Returns a JSON answer without spaces; integers of 19 digits are written exactly."""
    return Response(written(body), status, content_type="application/json; charset=utf-8")


def envelope(code: str, message: str, log_id: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns the body of a data endpoint."""
    error = {"code": code, "message": message, "log_id": log_id}
    return {"error": error} if data is None else {"data": data, "error": error}


def ok_response(data: Mapping[str, Any] | None) -> Response:
    """Returns a successful answer; with None it has no `data`."""
    return json_response(envelope("ok", "", new_log_id(), data))


def error_response(code: str, message: str, status: int) -> Response:
    """Returns an error in the envelope."""
    data: dict[str, Any] | None = {} if current_world().options.error_data == "empty" else None
    return json_response(envelope(code, message, new_log_id(), data), status)


def oauth_error(error: str, description: str) -> dict[str, str]:
    """Returns the body of an OAuth error."""
    return {"error": error, "error_description": description, "log_id": new_log_id()}


def new_log_id() -> str:
    """Returns a log_id for this answer."""
    world = current_world()
    with world.lock:
        return world.ids.log_id(world.clock.now())


def _record_code(code: str) -> None:
    """Write the error code into the journal."""
    request.environ.get("simulator.entry", {})["code"] = code


def register_error_handlers(app: Flask) -> None:
    """Answer every error of this application in the form of the endpoint at which it happened."""

    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> Response:
        _record_code(refusal.code)
        return error_response(refusal.code, refusal.message, refusal.status)

    @app.errorhandler(OAuthRefusal)
    def refuse_oauth(refusal: OAuthRefusal) -> Response:
        _record_code(refusal.error)
        status = current_world().options.oauth_error_status
        return json_response(oauth_error(refusal.error, refusal.description), status)

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response | HTTPException:
        if request.path.startswith("/_simulator/v1"):
            return json_response({"error": error.description or error.name}, error.code or 500)
        if error.code in (404, 405) and not request.path.startswith(PAGES):
            return Response(UNSUPPORTED_PATH, 404, content_type="text/plain; charset=utf-8")
        is_page = request.path.startswith("/v2/auth/") or not request.path.startswith("/v2/")
        if is_page:
            return error
        if request.path.startswith("/v2/oauth/"):
            word = "server_error" if (error.code or 500) >= 500 else "invalid_request"
            return json_response(oauth_error(word, error.description or error.name), error.code or 500)
        code = "internal_error" if (error.code or 500) >= 500 else current_world().options.param_code
        return error_response(code, error.description or error.name, error.code or 500)
