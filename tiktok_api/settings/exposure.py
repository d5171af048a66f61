"""Settings by which something secret travels in the clear, or a door stands open that is meant for a private network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from tiktok_api.settings import Settings

_ENCRYPTED = ("require", "verify-ca", "verify-full")
"""libpq's values of sslmode with which nothing goes out in the clear."""
_OURSELVES = [ip_network(each) for each in ("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10", "0.0.0.0/32")]
"""This machine, and what only it can reach: a cloud's metadata."""


def doubts(settings: Settings) -> Iterator[str]:
    """Settings that work but may show what is secret, each with the setting's name first."""
    yield from _in_the_clear(settings)
    yield from _open_to_pages(settings)
    if settings.forwarded_allow_ips == ("*",) and is_on_every_address(settings):
        yield "FORWARDED_ALLOW_IPS: is * although any client reaches this port; name the addresses of the proxies"
    if _is_public(settings.public_url) and _reach_us(settings):
        yield "OUTBOUND_NETWORKS: has addresses of this machine, so imports and webhooks of any user reach what runs on it"
    if _is_public(settings.public_url) and settings.outbound_allow_http:
        yield "OUTBOUND_ALLOW_HTTP: imports and webhooks may go out unencrypted"


def is_on_every_address(settings: Settings) -> bool:
    """Returns True if clients on other machines reach the port of gunicorn past any proxy."""
    return settings.bind.startswith(("0.0.0.0:", "[::]:", ":"))


def _in_the_clear(settings: Settings) -> Iterator[str]:
    database = make_url(settings.database_url)
    if _is_far(database.host):
        asked = database.query.get("sslmode", os.environ.get("PGSSLMODE"))
        if asked not in _ENCRYPTED:
            yield "DATABASE_URL: the connection to another host may be unencrypted; add ?sslmode=require or verify-full"
    if (
        settings.redis_url
        and settings.redis_url.startswith("redis:")
        and _is_far(urlsplit(settings.redis_url).hostname)
    ):
        yield "REDIS_URL: the connection to another host is unencrypted; use rediss://"
    mail = urlsplit(settings.mail_url)
    if mail.scheme == "smtp" and "starttls=false" in mail.query and _is_far(mail.hostname):
        yield "MAIL_URL: emails and the password go to another host unencrypted (starttls=false)"
    for name in ("s3_endpoint_url", "s3_public_endpoint_url", "frontend_url"):
        url = urlsplit(getattr(settings, name) or "")
        if url.scheme == "http" and _is_far(url.hostname):
            yield f"{name.upper()}: plain http can be read and changed on the way; use https"


def _open_to_pages(settings: Settings) -> Iterator[str]:
    for name in ("cors_origins", "return_url_origins"):
        if any(origin.startswith("http:") and _is_far(urlsplit(origin).hostname) for origin in getattr(settings, name)):
            yield f"{name.upper()}: a page that comes over plain http can be changed on the way; name its https origin"


def _is_public(url: str) -> bool:
    return _is_far(urlsplit(url).hostname)


def _is_far(host: str | None) -> bool:
    """Returns True for a host beyond this machine and its container network, whose names have no dot."""
    if not host or host.startswith("/"):  # the folder of a socket
        return False
    return ("." in host or ":" in host) and host != "::1" and not host.startswith("127.")


def _reach_us(settings: Settings) -> bool:
    return any(
        allowed.version == ours.version and allowed.overlaps(ours)
        for allowed in settings.outbound_networks
        for ours in _OURSELVES
    )
