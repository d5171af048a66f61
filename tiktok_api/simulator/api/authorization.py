"""Who asks: bearer, scope and rate, checked before anything else of a request is looked at."""

from collections.abc import Mapping
from typing import Any

from flask import request

from tiktok_api.simulator.api.envelopes import Refusal, bad_params
from tiktok_api.simulator.world.models import Token
from tiktok_api.simulator.world.world import World

PER_APP = ("user_info", "video_list", "video_query")


def admit(world: World, now: float, endpoint: str, *scopes: str) -> Token:
    """The access token of this request, if it is alive, carries one of the scopes and has calls left."""
    token = bearer(world, now)
    if scopes and not set(scopes) & set(token.grant.scopes):
        raise Refusal("scope_not_authorized")
    limits = world.knobs.limits
    if endpoint in PER_APP:
        per_user = f"{token.client_key} {token.username} {endpoint}"
        admitted = world.windows.admit("display_per_user", per_user, limits["display_per_user"], now)
        admitted = admitted and world.windows.admit(endpoint, token.client_key, limits[endpoint], now)
    else:
        admitted = world.windows.admit(endpoint, token.value, limits.get(endpoint, 0), now)
    if not admitted:
        raise Refusal("rate_limit_exceeded")
    return token


def bearer(world: World, now: float) -> Token:
    """The access token in the Authorization header."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = world.access_tokens.get(value.strip())
    if kind.lower() != "bearer" or token is None or token.expires_at <= now:
        raise Refusal("access_token_invalid")
    return token


def json_body(*, optional: bool = False) -> dict[str, Any]:
    """The JSON object of this request; where it is optional, nothing is an empty one."""
    raw = request.get_data()
    if optional and not raw.strip():
        return {}
    if not request.is_json:
        raise bad_params("Content-Type must be application/json")
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise bad_params("The request body is not a JSON object")
    return body


def take(source: Mapping[str, Any], name: str, kind: type, default: Any = None) -> Any:
    """A value of a body, refused where it is of another type; null counts as absent."""
    value = source.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise bad_params(f"{name} is not valid")
    return value


def requested_fields(known: Mapping[str, Any]) -> list[str]:
    """The names in `?fields=`, all of which must be known."""
    names = [name for name in request.args.get("fields", "").split(",") if name]
    if not names:
        raise bad_params("fields is required")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise bad_params(f"unknown fields: {', '.join(unknown)}")
    return names
