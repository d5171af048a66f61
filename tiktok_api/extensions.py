"""The Flask extensions, made once and bound to an application by `app.py`; `db` lives in `db.py`."""

from collections.abc import MutableMapping
from typing import Any, TypeVar

from flask import Flask, current_app, g, request
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_smorest import Api

Part = TypeVar("Part")

jwt = JWTManager()


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


def make_api() -> Api:
    """A fresh Api for one application: its document is filled while blueprints register."""
    api = Api()
    api.DEFAULT_ERROR_RESPONSE_NAME = None  # our errors are problem documents instead
    return api


def services_of(app: Flask) -> MutableMapping[type, Any]:
    """The parts that were composed for an application, by type: settings, clients, storage."""
    parts: MutableMapping[type, Any] = app.extensions.setdefault("tiktok_api.services", {})
    return parts


def service(kind: type[Part]) -> Part:
    """The part of this type that was composed for the current application: `service(Storage)`. Raises KeyError."""
    part: Part = services_of(current_app)[kind]
    return part
