"""What each effect of a fault rule does to one request."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from tiktok_api.simulator.models.fault_rules import FaultRule
from tiktok_api.simulator.world.world import World

OAUTH = ("token", "refresh", "client_token", "revoke")
JSON_TYPE = "application/json; charset=utf-8"


class FaultInBody(BaseException):
    """A fault happens in the middle of a body; not an Exception, so that no handler of the application catches it."""

    def __init__(self, rule: FaultRule) -> None:
        super().__init__(rule.effect)
        self.rule = rule


class ConnectionDropped(ConnectionResetError):
    """The server must reset the connection without an answer."""


class FaultyBody:
    """A request body in which a fault happens after a number of bytes."""

    def __init__(self, stream: Any, rule: FaultRule | None, world: World) -> None:
        self._stream = stream
        self._rule = rule
        self._world = world
        self._bytes_read = 0

    def read(self, size: int = -1) -> bytes:
        """Returns the next bytes. Raises FaultInBody at the byte of the rule."""
        if self._rule is not None and self._rule.at_byte is not None:
            left = self._rule.at_byte - self._bytes_read
            if left <= 0:
                self._fail(self._rule)
            else:
                size = left if size < 0 else min(size, left)
        piece: bytes = self._stream.read(size)
        self._bytes_read += len(piece)
        return piece

    def _fail(self, rule: FaultRule) -> None:
        self._rule = None
        if rule.effect == "delay":
            self._world.pause(rule.delay_seconds)
        else:
            raise FaultInBody(rule)


class FaultyCall:
    """One request to which a fault happens; `entry` is its entry in the journal."""

    def __init__(
        self, app: WSGIApplication, world: World, environ: WSGIEnvironment, entry: dict[str, Any], rule: FaultRule
    ) -> None:
        self._app = app
        self._world = world
        self._environ = environ
        self._entry = entry
        self._rule = rule

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the fault. Raises ConnectionDropped."""
        rule = self._rule
        if rule.effect == "delay":
            return self._delayed(start_response)
        status, headers, body = "200 OK", [("Content-Type", JSON_TYPE)], b""
        if rule.when == "after" and rule.at_byte is None:
            status, headers, body = self._carried_out()
        if rule.effect == "drop":
            raise ConnectionDropped(self._entry["mischief"])
        if rule.effect == "status":
            status, body = f"{rule.status} Mischief", self._refusal()
            headers = [("Content-Type", JSON_TYPE if rule.envelope else "text/html")]
        elif rule.effect == "garbage":
            body = b'\x00\xff<html>{"data": nothing'
        if status[:3] in ("204", "304"):
            body = b""
        self._entry["status"] = int(status[:3])
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return self._pieces(body)

    def _delayed(self, start_response: StartResponse) -> Iterable[bytes]:
        if self._rule.when == "after":
            status, headers, body = self._carried_out()
            self._world.pause(self._rule.delay_seconds)
            start_response(status, headers)
            return [body]
        self._world.pause(self._rule.delay_seconds)
        return answer_normally(self._app, self._environ, start_response, self._entry)

    def _carried_out(self) -> tuple[str, list[tuple[str, str]], bytes]:
        """Let the application carry out the request. Returns its answer: status, headers and body."""
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], object]:
            started[:] = [status, headers]
            return lambda _: None

        pieces = answer_normally(self._app, self._environ, start, self._entry)
        try:
            body = b"".join(pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        return started[0], started[1], body

    def _pieces(self, body: bytes) -> Iterator[bytes]:
        if self._rule.effect == "slow":
            for index in range(len(body)):
                self._world.pause(self._rule.seconds_per_byte)
                yield body[index : index + 1]
        elif self._rule.effect == "cut":
            yield body[: len(body) // 2]
            raise ConnectionDropped("in the middle of the answer")
        else:
            yield body

    def _refusal(self) -> bytes:
        rule = self._rule
        if not rule.envelope:
            return b"<html><body>Bad gateway</body></html>"
        with self._world.lock:
            log_id = self._world.ids.log_id(self._world.clock.now())
        if self._entry["endpoint"] in OAUTH:
            error = {"error": rule.code or "server_error", "error_description": rule.message, "log_id": log_id}
            return json.dumps(error).encode()
        code = rule.code or ("rate_limit_exceeded" if rule.status == 429 else "internal_error")
        return json.dumps({"data": {}, "error": {"code": code, "message": rule.message, "log_id": log_id}}).encode()


def answer_normally(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse, entry: dict[str, Any]
) -> Iterable[bytes]:
    """Let the application answer, and write the status into the journal."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        entry["status"] = int(status[:3])
        return start_response(status, headers, exc_info)

    return app(environ, start)
