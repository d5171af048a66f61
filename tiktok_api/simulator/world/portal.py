"""The rules of the developer portal: which redirect URIs, scopes and URL properties an app may have."""

import ipaddress
import re
from urllib.parse import urlsplit

from tiktok_api.simulator.models.apps import SCOPES, App
from tiktok_api.simulator.options.options import Options

MOST_REDIRECT_URIS = 10
LONGEST_REDIRECT_URI = 511
MOST_SANDBOX_TARGETS = 10
LONGEST_URL = 8_192
LOOPBACK_NAMES = ("localhost", "127.0.0.1")


class NotRegistrable(ValueError):
    """The portal refuses an app; the message says why."""


def check_app(app: App) -> None:
    """Raises NotRegistrable for an app that the portal would not save."""
    if app.type not in ("web", "desktop"):
        raise NotRegistrable("type is web or desktop")
    if len(app.redirect_uris) > MOST_REDIRECT_URIS:
        raise NotRegistrable("at most 10 redirect URIs")
    for uri in app.redirect_uris:
        _check_redirect_uri(app.type, uri)
    if len(app.sandbox_targets) > MOST_SANDBOX_TARGETS:
        raise NotRegistrable("at most 10 target users in a sandbox")
    if unknown := set(app.scopes) - set(SCOPES):
        raise NotRegistrable(f"unknown scopes: {', '.join(sorted(unknown))}")
    for prefix in app.verified_prefixes:
        if not prefix.startswith(("https://", "http://")) or not prefix.endswith("/"):
            raise NotRegistrable("a URL prefix is absolute and ends with a slash")


def _check_redirect_uri(app_type: str, uri: str) -> None:
    if len(uri) > LONGEST_REDIRECT_URI:
        raise NotRegistrable("a redirect URI has fewer than 512 characters")
    if "?" in uri or "#" in uri:
        raise NotRegistrable("a redirect URI has neither query nor fragment")
    try:
        parts = urlsplit(uri.replace(":*", ":1", 1) if app_type == "desktop" else uri)
        port = parts.port
    except ValueError as error:
        raise NotRegistrable(f"a redirect URI is malformed: {error}") from error
    if app_type == "web":
        if parts.scheme != "https" or not parts.hostname or "*" in uri:
            raise NotRegistrable("a redirect URI of a web app is absolute and https")
        return
    if parts.scheme not in ("http", "https") or parts.hostname not in LOOPBACK_NAMES or port is None:
        raise NotRegistrable("a redirect URI of a desktop app is on localhost or 127.0.0.1, with a port or *")


def is_registered(app: App, redirect_uri: str) -> bool:
    """Returns True if a redirect URI equals a registered one exactly, except for a port registered as `*`."""
    return any(_matches(registered, redirect_uri) for registered in app.redirect_uris)


def _matches(registered: str, uri: str) -> bool:
    before, star, after = registered.partition(":*")
    if not star:
        return uri == registered
    return re.fullmatch(re.escape(before) + r":\d{1,5}" + re.escape(after), uri, re.ASCII) is not None


def is_loopback(host: str) -> bool:
    """Returns True if a host is localhost or a loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def pull_problem(options: Options, url: object) -> str | None:
    """Returns why a URL cannot be pulled from, or None."""
    if not isinstance(url, str):
        return "a URL is text"
    if len(url) > LONGEST_URL:
        return f"a URL has at most {LONGEST_URL} characters"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "the URL is malformed"
    if options.allow_http and is_loopback(host):
        return None if parts.scheme in ("http", "https") else "the URL is not http(s)"
    if parts.scheme != "https" and not (options.allow_http and parts.scheme == "http"):
        return "the URL must use https"
    if "." not in host or re.fullmatch(r"[\d.]+|.*:.*", host):
        return "the URL must name a domain"
    return None


def owns(app: App, options: Options, url: str) -> bool:
    """Returns True if a URL is under a verified domain or prefix of an app."""
    host = (urlsplit(url).hostname or "").lower()
    if options.allow_http and options.loopback_verified and is_loopback(host):
        return True
    if any(host == domain or host.endswith(f".{domain}") for domain in app.verified_domains):
        return True
    return any(url.partition("?")[0].startswith(prefix) for prefix in app.verified_prefixes)
