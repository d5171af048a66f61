"""Rate limits: 100 requests a minute for each user, or for each address when anonymous, and their headers."""

import time
from collections.abc import Callable
from functools import partial
from math import ceil
from typing import cast

from flask import Flask, Response, current_app, g, request
from flask_limiter import RateLimitExceeded, RequestLimit
from limits.errors import StorageError
from redis.exceptions import RedisError

from tiktok_api.errors import Problem, TooManyRequests
from tiktok_api.extensions import limiter, service
from tiktok_api.metrics import counters
from tiktok_api.server.networks import network_of
from tiktok_api.settings import Settings
from tiktok_api.web.authentication import known_caller

_UNCOUNTED = {"health.livez", "health.readyz", "metrics.show_metrics"}
_REDIS_SOCKET_SECONDS = 0.05  # a Redis that is slower than this is treated as down: limits then count per process


class RateLimitExceededProblem(TooManyRequests):
    code = "rate_limit_exceeded"
    message = "Over {limit}; wait as long as Retry-After says."


def client_address() -> str:
    """The address of the client, as TRUSTED_PROXIES lets us know it."""
    return request.remote_addr or "unknown"


def client_network() -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 subscriber."""
    return network_of(client_address())


def install(app: Flask, settings: Settings) -> None:
    """Count each request once, after authentication and before its body is read."""
    app.config.update(
        RATELIMIT_ENABLED=settings.rate_limit_enabled,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_APPLICATION=_requests_quota,
        RATELIMIT_APPLICATION_EXEMPT_WHEN=_is_counted_elsewhere,
        RATELIMIT_STORAGE_OPTIONS=socket_options() if settings.redis_url else {},
    )
    app.extensions["tiktok_api.limit_key"] = limit_key
    if settings.rate_limit_enabled:
        limiter.init_app(app)
    app.after_request(_add_headers)


@limiter.request_filter
def _is_turned_off() -> bool:
    """The process has one limiter, but each application has its own settings."""
    return not current_app.config["RATELIMIT_ENABLED"]


def socket_options() -> dict[str, float]:
    """The time limits of Redis' sockets."""
    return {"socket_timeout": _REDIS_SOCKET_SECONDS, "socket_connect_timeout": _REDIS_SOCKET_SECONDS}


def limit_key() -> str:
    """What this request is counted under: its user, or its network if it has none."""
    caller = known_caller()
    return f"user:{caller.user_id}" if caller else f"address:{client_network()}"


def _is_counted_elsewhere() -> bool:
    """Health probes and browsers' preflights are not counted; the bytes of an upload have a quota of their own."""
    is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if request.endpoint in _UNCOUNTED or is_preflight:
        return True
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "is_counted_apart", False))


def check() -> dict[str, str]:
    """Where requests are counted; without Redis each process counts for itself, and the server still serves."""
    settings: Settings = service(Settings)
    if not settings.redis_url or not settings.rate_limit_enabled:
        return {"counted_in": "process"}
    is_there = limiter.storage.check()
    return {"counted_in": "redis"} if is_there else {"counted_in": "process", "status": "degraded"}


def _requests_quota() -> str:
    """Read for each request: the process has one limiter, but each application has its own settings."""
    return f"{service(Settings).rate_limit_per_minute}/minute"


def as_problem(error: RateLimitExceeded) -> Problem:
    """The problem for a request over the limit."""
    limit = error.limit.limit if error.limit else "the limit"
    breached = cast(RequestLimit, limiter.current_limit)  # the limiter sets it before it raises
    return RateLimitExceededProblem(limit=limit, headers={"Retry-After": str(_state(breached)[2])})


def _state(limit: RequestLimit) -> tuple[int, int, int]:
    """Allowed, remaining, and seconds until the oldest counted request leaves the window."""
    try:
        longest = limit.limit.get_expiry()
        return limit.limit.amount, limit.remaining, seconds_until(limit.reset_at, at_most=longest)
    except (StorageError, RedisError):  # the counter vanished between the count and this question
        return limit.limit.amount, limit.limit.amount - 1, limit.limit.get_expiry()


def seconds_until(reset_at: float, *, at_most: int) -> int:
    """Whole seconds until a moment, at least one."""
    return min(max(1, ceil(reset_at - time.time())), at_most)


def _add_headers(response: Response) -> Response:
    if getattr(limiter, "_storage_dead", False):
        counters.limiter_fallbacks.inc()
    limit = limiter.current_limit if current_app.config["RATELIMIT_ENABLED"] else None
    state: Callable[[], tuple[int, int, int]] | None = g.get("shown_limit", limit and partial(_state, limit))
    if state is not None:
        allowed, remaining, reset = state()
        response.headers["RateLimit-Limit"] = str(allowed)
        response.headers["RateLimit-Remaining"] = str(remaining)
        response.headers["RateLimit-Reset"] = str(reset)
    return response
