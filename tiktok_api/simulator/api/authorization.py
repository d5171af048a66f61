"""Token, scope and rate limit of a request, which are checked before its contents; and how its body is read."""

from collections.abc import Mapping
from typing import Any

from flask import request

from tiktok_api.simulator.api.envelopes import Refusal, invalid_params
from tiktok_api.simulator.models.consents import Token
from tiktok_api.simulator.world.world import World

PER_APP = ("user_info", "video_list", "video_query")


def authorize(world: World, now: float, endpoint: str, *scopes: str) -> Token:
    """Returns the access token of this request. Raises Refusal: expired, without one of the scopes, or at a rate limit."""
    token = bearer(world, now)
    if scopes and not set(scopes) & set(token.grant.scopes):
        raise Refusal("scope_not_authorized")
    limits = world.options.limits
    if endpoint in PER_APP:
        per_user = f"{token.client_key} {token.username} {endpoint}"
        is_allowed = world.windows.count("display_per_user", per_user, limits["display_per_user"], now)
        is_allowed = is_allowed and world.windows.count(endpoint, token.client_key, limits[endpoint], now)
    else:
        is_allowed = world.windows.count(endpoint, token.value, limits.get(endpoint, 0), now)
    if not is_allowed:
        raise Refusal("rate_limit_exceeded")
    return token


def bearer(world: World, now: float) -> Token:
    """Returns the access token in the Authorization header. Raises Refusal."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = world.access_tokens.get(value.strip())
    if kind.lower() != "bearer" or token is None or token.expires_at <= now:
        raise Refusal("access_token_invalid")
    return token


def json_body(*, optional: bool = False) -> dict[str, Any]:
    """Returns the JSON object of this request; an optional body that is empty is an empty object. Raises Refusal."""
    raw = request.get_data()
    if optional and not raw.strip():
        return {}
    if not request.is_json:
        raise invalid_params("Content-Type must be application/json")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise invalid_params("The request body is not a JSON object")
    return body


def read_field(source: Mapping[str, Any], name: str, kind: type, default: Any = None) -> Any:
    """Returns a field of a body; null counts as absent. Raises Refusal if it has another type."""
    value = source.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise invalid_params(f"{name} is not valid")
    return value


def requested_fields(known: Mapping[str, Any]) -> list[str]:
    """Returns the names in `?fields=`. Raises Refusal if there is none or an unknown one."""
    names = [name for name in request.args.get("fields", "").split(",") if name]
    if not names:
        raise invalid_params("fields is required")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise invalid_params(f"unknown fields: {', '.join(unknown)}")
    return names


def foreign_origin() -> str:
    """Returns why the Origin header of this request is refused; an empty text if there is none or it is our own."""
    origin = request.headers.get("Origin")
    if origin is None or origin.partition("://")[2] == request.headers.get("Host"):
        return ""
    return "requests from other origins are refused"
