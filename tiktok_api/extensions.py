"""The Flask extensions, made once and bound to an application by `app.py`; `db` lives in `db.py`."""

from typing import Any

from flask import current_app, request
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_smorest import Api

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


def service(name: str) -> Any:
    """What `app.py` composed for this application under that name: `settings`, `sealer`, `tiktok`, `storage`."""
    return current_app.extensions[f"tiktok_api.{name}"]
