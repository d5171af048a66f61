"""The Flask extensions, made once and bound to an application by `app.py`; `db` lives in `db.py`."""

from collections.abc import MutableMapping
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_smorest import Api

Part = TypeVar("Part")

jwt = JWTManager()
migrate = Migrate()


def _who_is_asking() -> str:
    """The limit key of this request, by the function that `web/limits.py` left in the application."""
    return str(current_app.extensions["tiktok_api.limit_key"]())


def _what_is_asked() -> str:
    # An unmatched address has no endpoint, and flask-limiter would neither count it nor know its headers.
    return request.endpoint or "unmatched"


limiter = Limiter(
    key_func=_who_is_asking,
    strategy="moving-window",
    headers_enabled=False,
    in_memory_fallback_enabled=True,
    request_identifier=_what_is_asked,
    key_prefix="tiktok-api",
)


def make_api() -> Api:
    """A fresh Api for one application: its document is filled while blueprints register."""
    api = Api()
    api.DEFAULT_ERROR_RESPONSE_NAME = None  # smorest's own idea of an error: ours are problem documents
    return api


def services_of(app: Flask) -> MutableMapping[type, Any]:
    """What was composed for an application, by type: settings, clients, storage."""
    parts: MutableMapping[type, Any] = app.extensions.setdefault("tiktok_api.services", {})
    return parts


def service(kind: type[Part]) -> Part:
    """The part of this type that was composed for the current application: `service(Storage)`. Raises KeyError."""
    part: Part = services_of(current_app)[kind]
    return part
