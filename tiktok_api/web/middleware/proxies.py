"""A warning for operators: a proxy is in front, but TRUSTED_PROXIES does not say so."""

from ipaddress import ip_address

import structlog
from flask import Flask, request

from tiktok_api.settings import Settings

log = structlog.get_logger(__name__)


def install(app: Flask, settings: Settings) -> None:
    """Warn once in each process if a peer in a private network says for whom it asks, and is not believed."""
    if settings.trusted_proxies:
        return
    is_warned: list[bool] = []

    @app.before_request
    def warn() -> None:
        if not is_warned and "X-Forwarded-For" in request.headers and _is_private(request.remote_addr):
            is_warned.append(True)
            log.warning(
                "proxy.not_trusted",
                hint="requests come through a proxy, but TRUSTED_PROXIES is 0: all clients share one address and its limits",
            )


def _is_private(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_private
    except ValueError:
        return True  # a socket of this machine
