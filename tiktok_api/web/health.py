"""Whether the process lives, and whether it is ready: `app.py` names the checks."""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Blueprint, Response, current_app

from tiktok_api.web.serializing import to_json

Check = Callable[[], dict[str, Any] | None]
"""Raises when something is wrong; may return facts to show, with `status: degraded` for what the server can do without."""

log = structlog.get_logger(__name__)
health = Blueprint("health", __name__)


@health.get("/livez")
def livez() -> Response:
    """Answer that the process lives."""
    return Response(to_json({"status": "ok"}), content_type="application/json")


@health.get("/readyz")
def readyz() -> Response:
    """Answer whether everything this server needs is there: 200, or 503 with the check that fails."""
    checks: dict[str, Any] = {}
    for name, check in current_app.extensions["tiktok_api.health_checks"].items():
        try:
            checks[name] = {"status": "ok", **(check() or {})}
        except Exception as error:  # whatever it is, it means "not ready"
            log.warning("health.failed", check=name, error=repr(error))
            checks[name] = {"status": "failed"}
    is_ready = all(found["status"] != "failed" for found in checks.values())
    document = {"status": "ok" if is_ready else "failed", "checks": checks}
    return Response(to_json(document), status=200 if is_ready else 503, content_type="application/json")
