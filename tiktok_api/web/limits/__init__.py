"""Rate limits: 100 requests a minute for each user, or for each address when anonymous, and their headers."""

import time
from math import ceil
from typing import cast

from flask import Flask, Response, current_app, g, request
from flask_limiter import RateLimitExceeded, RequestLimit

from tiktok_api.errors import Problem, TooManyRequests
from tiktok_api.extensions import limiter, service
from tiktok_api.server.networks import network_of
from tiktok_api.settings import Settings
from tiktok_api.web.authentication import known_caller
from tiktok_api.web.limits.counts import Count, Counts, UnknownSession
from tiktok_api.web.limits.storage import LimiterStorage

_UNCOUNTED = {"health.livez", "health.readyz", "metrics.show_metrics"}
_WINDOW_SECONDS = 60


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
        RATELIMIT_ENABLED=settings.rate_limit_enabled, RATELIMIT_STORAGE_URI=f"{LimiterStorage.STORAGE_SCHEME[0]}://"
    )
    app.extensions["tiktok_api.limit_key"] = limit_key
    if settings.rate_limit_enabled:
        # Its own hooks look for limits at each request, which costs more than a request may; its routes ask it themselves.
        app.extensions.setdefault("limiter", set()).add(limiter)
        limiter.init_app(app)
        app.before_request(_count)
        app.after_request(_add_headers)


@limiter.request_filter
def _is_turned_off() -> bool:
    """The process has one limiter, but each application has its own settings."""
    return not current_app.config["RATELIMIT_ENABLED"]


def limit_key() -> str:
    """What this request is counted under: its user, or its network if it has none."""
    caller = known_caller()
    return _key_of_user(caller.user_id) if caller else f"address:{client_network()}"


def _key_of_user(user_id: object) -> str:
    return f"user:{user_id}"


def is_session_known(user_id: object, session: str, token: str) -> bool:
    """Returns True if the session was active within the last seconds and has not changed since; the request is counted.

    If not, its row has to be read: see Counts.
    """
    if not current_app.config["RATELIMIT_ENABLED"] or _is_counted_elsewhere():
        return False
    quota = service(Settings).rate_limit_per_minute
    answer = service(Counts).count_known(
        _key_of_user(user_id), quota, _WINDOW_SECONDS, session=session, token=f"{user_id} {token}"
    )
    if isinstance(answer, UnknownSession):
        g.unknown_session = answer
    elif answer is not None:
        g.count = answer
    return isinstance(answer, Count)


def _count() -> None:
    if _is_counted_elsewhere():
        return
    if "count" not in g:
        quota, read = service(Settings).rate_limit_per_minute, g.pop("unknown_session", None)
        is_active = known_caller() is not None
        g.count = service(Counts).count(limit_key(), quota, _WINDOW_SECONDS, read=read if is_active else None)
    if not g.count.fits:
        allowed, _, seconds = _general_state()
        raise RateLimitExceededProblem(limit=f"{allowed} per 1 minute", headers={"Retry-After": str(seconds)})


def _general_state() -> tuple[int, int, int]:
    allowed, count = service(Settings).rate_limit_per_minute, g.count
    return allowed, max(0, allowed - count.used), whole_seconds(count.reset_seconds, at_most=_WINDOW_SECONDS)


def _is_counted_elsewhere() -> bool:
    """Health probes and browsers' preflights are not counted; the bytes of an upload have a quota of their own."""
    endpoint = request.endpoint
    if endpoint in _UNCOUNTED:
        return True
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        return True
    return bool(getattr(current_app.view_functions.get(endpoint or ""), "is_counted_apart", False))


def check() -> dict[str, str]:
    """Where requests are counted; without Redis each process counts for itself, and the server still serves."""
    settings: Settings = service(Settings)
    if not settings.redis_url or not settings.rate_limit_enabled:
        return {"counted_in": "process"}
    is_shared = service(Counts).is_shared()
    return {"counted_in": "redis"} if is_shared else {"counted_in": "process", "status": "degraded"}


def as_problem(error: RateLimitExceeded) -> Problem:
    """The problem for a request over the limit of a route."""
    limit = error.limit.limit if error.limit else "the limit"
    breached = cast(RequestLimit, limiter.current_limit)  # the limiter sets it before it raises
    g.shown_limit = lambda: _state(breached)
    return RateLimitExceededProblem(limit=limit, headers={"Retry-After": str(_state(breached)[2])})


def _state(limit: RequestLimit) -> tuple[int, int, int]:
    """Allowed, remaining, and seconds until the oldest counted request leaves the window."""
    return limit.limit.amount, limit.remaining, seconds_until(limit.reset_at, at_most=limit.limit.get_expiry())


def seconds_until(reset_at: float, *, at_most: int) -> int:
    """Whole seconds until a moment, at least one."""
    return whole_seconds(reset_at - time.time(), at_most=at_most)


def whole_seconds(seconds: float, *, at_most: int) -> int:
    """At least one, and never more than the window has."""
    return min(max(1, ceil(seconds)), at_most)


def _add_headers(response: Response) -> Response:
    """Tell the state of the limit that counts here: of bytes, of the route, or of all requests."""
    if "shown_limit" in g:
        allowed, remaining, reset = g.shown_limit()
    elif "has_route_limit" in g and limiter.current_limit is not None:
        allowed, remaining, reset = _state(limiter.current_limit)
    elif "count" in g:
        allowed, remaining, reset = _general_state()
    else:
        return response
    add = response.headers.add
    add("RateLimit-Limit", str(allowed))
    add("RateLimit-Remaining", str(remaining))
    add("RateLimit-Reset", str(reset))
    return response
