"""The parts of an application that every request passes, in the order in which it meets them."""

from typing import Any

import structlog
from flask import Flask, Response
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from tiktok_api.auth import tokens
from tiktok_api.media.errors import StorageUnavailable
from tiktok_api.settings import Settings
from tiktok_api.storage.errors import StorageError
from tiktok_api.web import authentication, limits, rendering
from tiktok_api.web.blueprint import AnyIdConverter
from tiktok_api.web.middleware import body_sizes, header_values, proxies, request_ids, request_log
from tiktok_api.web.middleware.unread_bodies import drain_unread_bodies
from tiktok_api.web.monitoring.health import health
from tiktok_api.web.monitoring.metrics import blp as metrics
from tiktok_api.web.openapi.docs import docs
from tiktok_api.web.transfers import hooks as transfers

_EXPOSED_HEADERS = (
    *("ETag", "Link", "Location", "Retry-After", "X-Request-ID", "Idempotency-Replayed"),
    *("Content-Disposition", "X-As-Of"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
    *("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
    *("Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Metadata", "Upload-Defer-Length"),
)


def bind_web(app: Flask, settings: Settings) -> None:
    """Install what surrounds the domains' routes; request ids come first, the body is read last."""
    app.url_map.strict_slashes = True
    app.url_map.converters["uuid"] = AnyIdConverter
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    tokens.install(app, settings)
    request_ids.install(app)
    proxies.install(app, settings)
    header_values.install(app)
    body_sizes.install(app)
    authentication.install(app, tokens.make_authenticator())
    limits.install(app, settings)
    transfers.install(app)
    rendering.install(app)
    app.register_error_handler(StorageError, _render_storage)
    if settings.cors_origins:
        CORS(app, origins=list(settings.cors_origins), expose_headers=list(_EXPOSED_HEADERS), max_age=86400)
    app.after_request(_harden)
    if settings.public_url.startswith("https:"):
        app.after_request(_insist_on_tls)
    app.register_blueprint(health)
    app.register_blueprint(metrics)
    app.register_blueprint(docs)
    request_log.install(app)
    # The outermost: through the start_response that gunicorn passes, it asks gunicorn to end a connection.
    released = transfers.release_places(app)
    app.wsgi_app = drain_unread_bodies(released, transfers.may_wait)  # type: ignore[method-assign, assignment]


def _harden(response: Any) -> Any:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("X-Frame-Options", "DENY")
    return response


def _insist_on_tls(response: Any) -> Any:
    response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _render_storage(error: StorageError) -> Response:
    structlog.get_logger(__name__).error("storage.unavailable", error=repr(error))
    return rendering.render(StorageUnavailable(headers={"Retry-After": "5"}))
