"""The parts that were composed for an application, and the limiter of its routes, which is made once for all."""

from collections.abc import Callable, MutableMapping
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, current_app, g, request
from flask_limiter import Limiter

Part = TypeVar("Part")
Result = TypeVar("Result")
Given = ParamSpec("Given")


def _limit_key() -> str:
    """The limit key of this request, by the function that `web/limits.py` stored in the application."""
    return str(current_app.extensions["tiktok_api.limit_key"]())


def _request_identifier() -> str:
    # An unmatched address has no endpoint, and flask-limiter would neither count it nor know its headers.
    return request.endpoint or "unmatched"


class RouteLimiter(Limiter):
    """flask-limiter for the limits of single routes; `web/limits` counts every request, at less cost."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        g.has_route_limit = True
        super()._check_request_limit(callable_name, in_middleware)


limiter = RouteLimiter(
    key_func=_limit_key,
    strategy="moving-window",
    headers_enabled=False,
    request_identifier=_request_identifier,
    key_prefix="tiktok-api",
)


def services_of(app: Flask) -> MutableMapping[type, Any]:
    """The parts that were composed for an application, by type: settings, clients, storage."""
    parts: MutableMapping[type, Any] = app.extensions.setdefault("tiktok_api.services", {})
    return parts


def service(kind: type[Part]) -> Part:
    """The part of this type that was composed for the current application: `service(Storage)`. Raises KeyError."""
    part: Part = services_of(current_app)[kind]
    return part


def in_own_context(act: Callable[Given, Result]) -> Callable[Given, Result]:
    """Returns `act` for another thread: it runs in a context of the application, and with a database session, of its own."""
    app = cast(Any, current_app)._get_current_object()

    def run(*args: Given.args, **options: Given.kwargs) -> Result:
        with app.app_context():
            return act(*args, **options)

    return run
