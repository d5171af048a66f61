"""The middleware around the application: it writes the journal and lets faults happen to requests."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from tiktok_api.simulator.faults.effects import ConnectionDropped, FaultInBody, FaultyBody, FaultyCall, answer_normally
from tiktok_api.simulator.faults.request_facts import endpoint_and_fields, facts_for_journal
from tiktok_api.simulator.models.fault_rules import FaultRule
from tiktok_api.simulator.options.timestamps import iso
from tiktok_api.simulator.world.world import GENERATION, World, WorldGone

LONGEST_PATH = 4_096


class FaultMiddleware:
    """WSGI middleware; requests to the control API and for pictures pass unchanged."""

    def __init__(self, app: WSGIApplication, world: World) -> None:
        self._app = app
        self._world = world

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if len(path) > LONGEST_PATH:
            start_response("414 URI Too Long", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        if path.startswith(("/_simulator", "/cdn/")):
            return self._app(environ, start_response)
        endpoint, fields = endpoint_and_fields(environ)
        with self._world.lock:  # so that generation, entry and rule belong to one world
            environ[GENERATION] = self._world.generation
            facts = facts_for_journal(self._world, environ, endpoint, fields)
            entry = self._world.journal.open(at=iso(self._world.clock.now()), **facts)
            rule = self._world.faults.pick(endpoint, entry["username"], entry["client_key"])
        environ["simulator.entry"] = entry
        try:
            return self._answer(environ, start_response, entry, rule)
        except WorldGone:
            raise ConnectionDropped("a reset has ended the world of this request") from None

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse, entry: dict[str, Any], rule: FaultRule | None
    ) -> Iterable[bytes]:
        body = FaultyBody(environ["wsgi.input"], rule, self._world)
        if entry["endpoint"] == "upload":
            environ["wsgi.input"] = body
        if rule is None or rule.at_byte is not None:
            try:
                return answer_normally(self._app, environ, start_response, entry)
            except FaultInBody as fault:
                rule = fault.rule
        entry["mischief"] = f"{rule.effect} {rule.when}" if rule.at_byte is None else f"{rule.effect} at {rule.at_byte}"
        return FaultyCall(self._app, self._world, environ, entry, rule).answer(start_response)
