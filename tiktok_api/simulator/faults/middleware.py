"""The layer around the application that writes the journal and carries out mischief."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tiktok_api.simulator.api.json import read
from tiktok_api.simulator.faults.journal import Abridged
from tiktok_api.simulator.faults.rules import Rule
from tiktok_api.simulator.world.clock import iso
from tiktok_api.simulator.world.world import GENERATION, WorldGone

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from tiktok_api.simulator.world.world import World

LONGEST_PATH = 4_096
LONGEST_ID = 200
MOST_FIELDS = 1_000
FORM = "application/x-www-form-urlencoded"
READ_AHEAD = 1 << 20
"""Bodies up to this size are read before the application sees them; uploads never are."""

PATHS = {
    ("GET", "/v2/auth/authorize/"): "authorize",
    ("POST", "/v2/auth/authorize/"): "consent",
    ("GET", "/v2/auth/authorize"): "authorize",
    ("POST", "/v2/auth/authorize"): "consent",
    ("POST", "/v2/oauth/token/"): "token",
    ("POST", "/v2/oauth/revoke/"): "revoke",
    ("GET", "/v2/user/info/"): "user_info",
    ("POST", "/v2/video/list/"): "video_list",
    ("POST", "/v2/video/query/"): "video_query",
    ("POST", "/v2/post/publish/creator_info/query/"): "creator_info",
    ("POST", "/v2/post/publish/video/init/"): "video_init",
    ("POST", "/v2/post/publish/inbox/video/init/"): "inbox_init",
    ("POST", "/v2/post/publish/content/init/"): "photo_init",
    ("POST", "/v2/post/publish/status/fetch/"): "status",
    ("POST", "/v2/post/publish/cancel/"): "cancel",
    ("PUT", "/video/"): "upload",
}
GRANTS = {"refresh_token": "refresh", "client_credentials": "client_token"}
OAUTH = ("token", "refresh", "client_token", "revoke")


class Interrupted(BaseException):
    """A rule strikes in the middle of a body; not an Exception, so that no handler takes it for its own."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.effect)
        self.rule = rule


class ConnectionDropped(ConnectionResetError):
    """The simulator hangs up."""


class MeddledBody:
    """A request body that knows how much of it was read, and at which byte something strikes."""

    def __init__(self, stream: Any, rule: Rule | None, world: "World") -> None:
        self._stream = stream
        self._rule = rule
        self._world = world
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """Read on; raises Interrupted at the byte of the rule."""
        if self._rule is not None and self._rule.at_byte is not None:
            left = self._rule.at_byte - self.count
            if left <= 0:
                self._strike(self._rule)
            else:
                size = left if size < 0 else min(size, left)
        piece: bytes = self._stream.read(size)
        self.count += len(piece)
        return piece

    def _strike(self, rule: Rule) -> None:
        self._rule = None
        if rule.effect == "delay":
            self._world.pause(rule.delay_seconds)
        else:
            raise Interrupted(rule)


class Meddling:
    """WSGI middleware; what is asked under `/_simulator` passes untouched."""

    def __init__(self, app: "WSGIApplication", world: "World") -> None:
        self._app = app
        self._world = world

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if len(path) > LONGEST_PATH:
            start_response("414 URI Too Long", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        endpoint = PATHS.get((environ["REQUEST_METHOD"], path), "other")
        if path.startswith(("/_simulator", "/cdn/")):
            return self._app(environ, start_response)
        body = _read_ahead(environ) if endpoint != "upload" else {}
        if endpoint == "token":
            endpoint = GRANTS.get(str(body.get("grant_type")), "token")
        with self._world.lock:  # the generation, the entry and the rule are of one world
            environ[GENERATION] = self._world.generation
            entry = self._note(environ, endpoint, body)
            rule = self._world.mischief.pick(endpoint, entry["username"], entry["client_key"])
        environ["simulator.entry"] = entry
        try:
            return self._answer(environ, start_response, entry, rule)
        except WorldGone:
            raise ConnectionDropped("a reset has ended the world of this request") from None

    def _note(self, environ: "WSGIEnvironment", endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        query = dict(_fields(environ.get("QUERY_STRING", "")))
        world = self._world
        secrets = [app.client_secret for app in world.apps.values()]
        username, client_key, publish_id = (_id(each, secrets) for each in _who(world, environ, query, body))
        return world.journal.open(
            at=iso(world.clock.now()),
            endpoint=endpoint,
            method=environ["REQUEST_METHOD"],
            path=Abridged(secrets).text(environ.get("PATH_INFO", "")),
            query=Abridged(secrets).fields(query),
            body=Abridged(secrets).fields(body),
            body_bytes=_announced(environ),
            content_range=Abridged(secrets).text((environ.get("HTTP_CONTENT_RANGE") or "")[:LONGEST_ID]) or None,
            username=username,
            client_key=client_key,
            publish_id=publish_id,
        )

    def _answer(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", entry: dict[str, Any], rule: Rule | None
    ) -> Iterable[bytes]:
        counted = MeddledBody(environ["wsgi.input"], rule, self._world)
        if entry["endpoint"] == "upload":
            environ["wsgi.input"] = counted
        if rule is None or rule.at_byte is not None:
            try:
                return self._noted(environ, start_response, entry)
            except Interrupted as interruption:
                rule = interruption.rule
        entry["mischief"] = f"{rule.effect} {rule.when}" if rule.at_byte is None else f"{rule.effect} at {rule.at_byte}"
        return self._meddle(environ, start_response, entry, rule)

    def _noted(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", entry: dict[str, Any]
    ) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            entry["status"] = int(status[:3])
            return start_response(status, headers, exc_info)

        return self._app(environ, start)

    def _meddle(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", entry: dict[str, Any], rule: Rule
    ) -> Iterable[bytes]:
        if rule.effect == "delay":
            return self._delayed(environ, start_response, entry, rule)
        status, headers, body = "200 OK", [("Content-Type", "application/json; charset=utf-8")], b""
        if rule.when == "after" and rule.at_byte is None:
            status, headers, body = self._carried_out(environ, entry)
        if rule.effect == "drop":
            raise ConnectionDropped(entry["mischief"])
        if rule.effect == "status":
            status, body = f"{rule.status} Mischief", self._refusal(entry["endpoint"], rule)
            headers = [("Content-Type", "application/json; charset=utf-8" if rule.envelope else "text/html")]
        elif rule.effect == "garbage":
            body = b'\x00\xff<html>{"data": nothing'
        if status[:3] in ("204", "304"):
            body = b""
        entry["status"] = int(status[:3])
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return self._dribbled(body, rule)

    def _delayed(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", entry: dict[str, Any], rule: Rule
    ) -> Iterable[bytes]:
        if rule.when == "after":
            status, headers, body = self._carried_out(environ, entry)
            self._world.pause(rule.delay_seconds)
            start_response(status, headers)
            return [body]
        self._world.pause(rule.delay_seconds)
        return self._noted(environ, start_response, entry)

    def _carried_out(
        self, environ: "WSGIEnvironment", entry: dict[str, Any]
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        """Let the application do its work, and keep its answer."""
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], object]:
            started[:] = [status, headers]
            return lambda _: None

        pieces = self._noted(environ, start, entry)
        try:
            body = b"".join(pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        return started[0], started[1], body

    def _dribbled(self, body: bytes, rule: Rule) -> Iterator[bytes]:
        if rule.effect == "slow":
            for index in range(len(body)):
                self._world.pause(rule.seconds_per_byte)
                yield body[index : index + 1]
        elif rule.effect == "cut":
            yield body[: len(body) // 2]
            raise ConnectionDropped("in the middle of the answer")
        else:
            yield body

    def _refusal(self, endpoint: str, rule: Rule) -> bytes:
        if not rule.envelope:
            return b"<html><body>Bad gateway</body></html>"
        with self._world.lock:
            log_id = self._world.mint.log_id(self._world.clock.now())
        if endpoint in OAUTH:
            error = {"error": rule.code or "server_error", "error_description": rule.message, "log_id": log_id}
            return json.dumps(error).encode()
        code = rule.code or ("rate_limit_exceeded" if rule.status == 429 else "internal_error")
        return json.dumps({"data": {}, "error": {"code": code, "message": rule.message, "log_id": log_id}}).encode()


def _read_ahead(environ: "WSGIEnvironment") -> dict[str, Any]:
    """Read a small body, leave it to be read again, and answer its fields."""
    length = _announced(environ)
    if not 0 < length <= READ_AHEAD:
        return {}
    raw = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(raw)
    try:
        if environ.get("CONTENT_TYPE", "").startswith("application/json"):
            fields = read(raw)
            return fields if isinstance(fields, dict) else {}
        is_form = environ.get("CONTENT_TYPE", "").startswith(FORM)
        return dict(_fields(raw.decode())) if is_form else {}
    except ValueError:
        return {}


def _announced(environ: "WSGIEnvironment") -> int:
    """The bytes of a body, as its head announces them."""
    announced = environ.get("CONTENT_LENGTH") or "0"
    return int(announced) if announced.isdecimal() and len(announced) < 20 else 0


def _fields(text: str) -> list[tuple[str, str]]:
    """The fields of a query or a form; of one with too many, none."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return []


def _id(value: object, secrets: list[str]) -> str | None:
    """An id or a name as the journal keeps it; nothing else stands where it should."""
    return Abridged(secrets).text(value) if isinstance(value, str) and len(value) <= LONGEST_ID else None


def _who(
    world: "World", environ: "WSGIEnvironment", query: dict[str, str], body: dict[str, Any]
) -> tuple[str | None, str | None, str | None]:
    """The creator, the app and the publication that a request is about, as far as it tells."""
    token = world.access_tokens.get(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
    token = token or world.refresh_tokens.get(str(body.get("refresh_token")))
    token = token or world.access_tokens.get(str(body.get("token")))
    code = world.codes.get(str(body.get("code")))
    upload = world.uploads.get(query.get("upload_id", ""))
    known = token or code or upload
    username = known.username if known else body.get("creator")
    client_key = known.client_key if known else body.get("client_key") or query.get("client_key")
    return username, client_key, upload.publish_id if upload else body.get("publish_id")
