"""`/livez` and `/readyz`: whether the process is alive, and whether it is ready; `composition/` names the checks."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app

from tiktok_api.db import end_reading
from tiktok_api.extensions import service
from tiktok_api.web.serializing import to_json

Check = Callable[[], dict[str, Any] | None]
"""Raises if something is wrong; may return facts to show, with `status: degraded` if the server can do without it."""

Facts = dict[str, dict[str, Any]]
"""The results, by the name of the check."""


class HealthChecks(dict[str, Check]):
    """The checks of an application, by name."""


REMEMBERED_SECONDS = 5.0
_PATIENCE_SECONDS = 8.0
_MOST_BLOCKED = 4

log = structlog.get_logger(__name__)
health = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Report:
    """The results of the checks: `ok`; `degraded`: requests are answered, but a person should look; `failed`: they are not."""

    checks: dict[str, dict[str, Any]]

    @property
    def status(self) -> str:
        """The worst of all checks."""
        found = {check["status"] for check in self.checks.values()}
        return next((status for status in ("failed", "degraded") if status in found), "ok")


class Readiness:
    """The last report of an application, so that the checks cost the same however many clients ask, of whatever address.

    One of them writes to storage. One run at a time is started, and none within `remembered_seconds` of the last one. A
    request that comes meanwhile gets the last report; only the first ones of a process wait for it.
    """

    def __init__(self, *, remembered_seconds: float = REMEMBERED_SECONDS) -> None:
        self._remembered_seconds = remembered_seconds
        self._run = Lock()
        self._last: tuple[float, Report] | None = None

    def report(self) -> Report:
        """The last report, or a new one if that is too old."""
        last = self._last
        if last is not None and (self._is_recent(last) or not self._run.acquire(blocking=False)):
            return last[1]
        if last is None:
            self._run.acquire()
        try:
            if self._last is None or not self._is_recent(self._last):
                self._last = (time.monotonic(), examine())
            return self._last[1]
        finally:
            self._run.release()

    def _is_recent(self, last: tuple[float, Report]) -> bool:
        return time.monotonic() - last[0] < self._remembered_seconds


def examine(checks: Mapping[str, Check] | None = None) -> Report:
    """Run every check, by default those of the current application; works without a request.

    A database that neither answers nor hangs up would block a check for many minutes: a check that does not end in time
    has failed, and so have those after it. While a few runs are blocked like that no other is started, and the results of
    the last one are returned.
    """
    named = dict(checks if checks is not None else service(HealthChecks))
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    blocked: list[tuple[Thread, Facts]] = app.extensions.setdefault("tiktok_api.blocked_runs", [])
    blocked[:] = [run for run in blocked if run[0].is_alive()]
    if len(blocked) < _MOST_BLOCKED:
        found: Facts = {}
        thread = Thread(target=copy_context().run, args=(_run_all, app, named, found), name="health", daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)
        if thread.is_alive():
            blocked.append((thread, found))
    else:
        _, found = blocked[-1]
    said = dict(found)
    return Report(said | dict(_silent([name for name in named if name not in said])))


def _silent(names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The results of the check that did not end, and of those after it."""
    for name in names:
        problem = "No answer in time." if name == names[0] else f"Not looked at, because {names[0]} does not answer."
        yield name, {"status": "failed", "problem": problem}


def _run_all(app: Flask, checks: Mapping[str, Check], found: Facts) -> None:
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
    """Answer 200: the process is alive."""
    return Response(to_json({"status": "ok"}), content_type="application/json")


@health.get("/readyz")
def readyz() -> Response:
    """Answer whether everything that this server needs is available.

    200 if it is, and 200 with `degraded` if requests can still be answered: a load balancer that removed the API because no
    worker is alive would make it worse. 503 if they cannot: no database, another schema, no storage. The answer is at most
    some seconds old.
    """
    report = service(Readiness).report()
    document = {"status": report.status, "checks": report.checks}
    headers = {"Cache-Control": "no-store"}
    if report.status == "failed":
        return Response(to_json(document), 503, headers | {"Retry-After": "5"}, content_type="application/json")
    return Response(to_json(document), 200, headers, content_type="application/json")
