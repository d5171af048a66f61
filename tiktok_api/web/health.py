"""Whether the process lives, and whether it is ready: `app.py` names the checks."""

from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from threading import Thread
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app

from tiktok_api.db import end_reading
from tiktok_api.extensions import service
from tiktok_api.web.serializing import to_json

Check = Callable[[], dict[str, Any] | None]
"""Raises when something is wrong; may return facts to show, with `status: degraded` for what the server can do without."""

Facts = dict[str, dict[str, Any]]
"""What was found, by the name of the check."""


class HealthChecks(dict[str, Check]):
    """The checks of an application, by name."""


_PATIENCE_SECONDS = 8.0
_MOST_HELD = 4

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
    """Make every check, by default those of the application, in whose context this is called; also without a request.

    A database that neither answers nor hangs up would hold a check for many minutes: what has said nothing in time has
    failed, and so has what comes after it. While a few looks are held like that there is no further one, and the last of
    them is told.
    """
    named = dict(checks if checks is not None else service(HealthChecks))
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    held: list[tuple[Thread, Facts]] = app.extensions.setdefault("tiktok_api.held_looks", [])
    held[:] = [look for look in held if look[0].is_alive()]
    if len(held) < _MOST_HELD:
        found: Facts = {}
        thread = Thread(target=copy_context().run, args=(_look, app, named, found), name="health", daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)
        if thread.is_alive():
            held.append((thread, found))
    else:
        _, found = held[-1]
    said = dict(found)
    return Report(said | dict(_silent([name for name in named if name not in said])))


def _silent(names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is told of the check that did not end, and of those that would have come after it."""
    for name in names:
        problem = "No answer in time." if name == names[0] else f"Not looked at, because {names[0]} does not answer."
        yield name, {"status": "failed", "problem": problem}


def _look(app: Flask, checks: Mapping[str, Check], found: Facts) -> None:
    with app.app_context():
        for name, check in checks.items():
            try:
                found[name] = {"status": "ok", **(check() or {})}
            except Exception as error:  # whatever it is, it means "not ready"
                log.warning("health.failed", check=name, error=repr(error))
                found[name] = {"status": "failed"}
            finally:
                end_reading()


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
