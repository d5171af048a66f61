"""Whether the process lives, and whether it is ready: `app.py` names the checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Blueprint, Response

from tiktok_api.db import end_reading
from tiktok_api.extensions import service
from tiktok_api.web.serializing import to_json

Check = Callable[[], dict[str, Any] | None]
"""Raises when something is wrong; may return facts to show, with `status: degraded` for what the server can do without."""

log = structlog.get_logger(__name__)
health = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks found: `ok`; `degraded`, requests are answered but a person should look; `failed`, they are not."""

    checks: dict[str, dict[str, Any]]

    @property
    def status(self) -> str:
        """The worst of all checks."""
        found = {check["status"] for check in self.checks.values()}
        return next((status for status in ("failed", "degraded") if status in found), "ok")


def examine(checks: Mapping[str, Check] | None = None) -> Report:
    """Make every check, by default those of the application, in whose context this is called; also without a request."""
    found: dict[str, dict[str, Any]] = {}
    for name, check in (checks if checks is not None else service("health_checks")).items():
        try:
            found[name] = {"status": "ok", **(check() or {})}
        except Exception as error:  # whatever it is, it means "not ready"
            log.warning("health.failed", check=name, error=repr(error))
            found[name] = {"status": "failed"}
        finally:
            end_reading()
    return Report(found)


@health.get("/livez")
def livez() -> Response:
    """Answer that the process lives."""
    return Response(to_json({"status": "ok"}), content_type="application/json")


@health.get("/readyz")
def readyz() -> Response:
    """Answer whether everything this server needs is there.

    200 when it is, and 200 with `degraded` when requests can be answered all the same: a load balancer that took the API
    away because no worker lives would make it worse. 503 when they cannot: no database, another schema, no storage.
    """
    report = examine()
    document = {"status": report.status, "checks": report.checks}
    headers = {"Cache-Control": "no-store"}
    if report.status == "failed":
        return Response(to_json(document), 503, headers | {"Retry-After": "5"}, content_type="application/json")
    return Response(to_json(document), 200, headers, content_type="application/json")
