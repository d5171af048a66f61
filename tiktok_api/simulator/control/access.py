"""Protects the control API and its page from other web pages.

A page in a browser can send forms to any address, and its own host name may point to this address (DNS rebinding).
Therefore a request must name this simulator as its host, come from its own origin if a browser sends it, and declare
itself as JSON, which no form can. Forms of the page contain a token that no other page can read.
"""

import hmac
import ipaddress
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from tiktok_api.simulator.api.authorization import foreign_origin
from tiktok_api.simulator.api.envelopes import json_response

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
SAFE = ("GET", "HEAD", "OPTIONS")
BROWSER_HEADERS = ("Origin", "Sec-Fetch-Site", "Referer")
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}


class ControlAccess:
    """Checks the requests to the control API and the page of one simulator."""

    def __init__(self, app: Flask, hosts: Collection[str] = ()) -> None:
        """Protect an application; `hosts` are its names, in addition to localhost and addresses."""
        self.form_token = secrets.token_urlsafe(32)
        self._hosts = {host.lower() for host in (*LOCAL_NAMES, *hosts)}
        app.extensions["access"] = self
        app.before_request(self.check)
        app.after_request(_add_headers)

    def check(self) -> Response | None:
        """Returns the refusal of a request under `/_simulator` from another web page, or None."""
        if not request.path.startswith("/_simulator"):
            return None
        problem = self._host_problem() or foreign_origin() or _fetch_problem()
        if problem:
            return _refused(problem, 403)
        if request.method in SAFE:
            return None
        if request.path.startswith("/_simulator/v1"):
            has_body = bool(request.content_length) or request.method != "DELETE"
            if has_body and request.mimetype != "application/json":
                return _refused("send Content-Type: application/json", 415)
        elif any(name in request.headers for name in BROWSER_HEADERS) and not self._has_token():
            return _refused("this form is of another page or too old: load the page again", 403)
        return None

    def _host_problem(self) -> str:
        host = request.headers.get("Host", "")
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return "the Host header is malformed"
        if not host or name in self._hosts or name.endswith(".localhost") or _is_address(name):
            return ""
        return f"this simulator is not {name[:100]}: name it with --allow-host if it is"

    def _has_token(self) -> bool:
        return hmac.compare_digest(request.form.get(TOKEN_FIELD, "").encode(), self.form_token.encode())


def form_token() -> str:
    """Returns the token that every form of the page contains."""
    access: ControlAccess = current_app.extensions["access"]
    return access.form_token


def _fetch_problem() -> str:
    """Returns why a browser's request from another site is refused; opening the page itself is allowed."""
    if request.headers.get("Sec-Fetch-Site") in (None, "same-origin", "none"):
        return ""
    is_opening = (
        request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    return "" if request.method in SAFE and is_opening else "requests from other sites are refused"


def _is_address(name: str) -> bool:
    """Returns True for an IP address: no other web page can have an address of this machine as its host."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refused(reason: str, status: int) -> Response:
    if request.path.startswith("/_simulator/v1"):
        return json_response({"error": reason}, status)
    return Response(reason, status, mimetype="text/plain")


def _add_headers(response: Response) -> Response:
    if request.path.startswith("/_simulator"):
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response
