"""One JSON line for each request."""

import logging
import sys
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from flask import Response, request

from tests.conftest import API
from tests.web.log_lines import lines, requests_in
from tiktok_api.web.blueprint import Blueprint

MISSING = "01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e"


@pytest.fixture
def make_logged(make_things):
    """An application that logs, as `make_app`."""

    def make(**changes):
        app = make_things(**({"log_level": "INFO"} | changes))
        app.config["PROPAGATE_BUGS"] = False
        _add_streams(app)
        return app

    return make


@pytest.fixture
def app(make_logged):
    return make_logged()


def _add_streams(app):
    """Answers that are streamed, to the end, to a failure, and with something of the client's in the path."""
    blp = Blueprint("streams", __name__, url_prefix="/streams")

    @blp.get("/whole")
    @blp.public
    def whole() -> Response:
        """Stream three pieces"""
        return Response(iter([b"one", b"two", b"three"]))

    @blp.get("/broken")
    @blp.public
    def broken() -> Response:
        """Fail on the way"""

        def pieces():
            yield b"one"
            raise RuntimeError("the disk is gone")

        return Response(pieces())

    @blp.get("/pull/<token>")
    @blp.public
    def pull(token: str) -> Response:
        """Take a secret in the path"""
        return Response(f"{len(token)} {len(request.path)}")

    app.register_blueprint(blp, url_prefix="/streams")


@pytest.fixture
def logged(capsys):
    """The lines of the requests since it was called last."""
    return lambda: requests_in(capsys.readouterr().err)


def test_a_request_is_one_log_line(owner, logged):
    logged()

    response = owner.get(f"/posts/{MISSING}?x=1", headers={"X-Request-ID": "find-me"})

    [line] = logged()
    assert line["level"] == "info"
    assert (line["method"], line["route"], line["status"]) == ("GET", f"{API}/posts/<uuid:post_id>", 422)
    assert (line["request_id"], line["user"], line["address"]) == ("find-me", owner.user_id, "127.0.0.1")
    assert line["bytes"] == len(response.data)
    assert line["ms"] >= 0
    assert line["code"] == response.json["code"]
    assert line["ids"] == {"post_id": MISSING}
    assert line["timestamp"].endswith("Z")


def test_a_key_is_named_by_its_id(owner, logged):
    made = owner.post("/auth/api-keys", json={"name": "ci", "scopes": ["read"]})
    assert made.status_code == 201, made.json
    token = made.json["token"]
    logged()

    owner.client.get(f"{API}/posts", headers={"Authorization": f"Bearer {token}"})

    [line] = logged()
    assert (line["user"], line["key"]) == (owner.user_id, made.json["id"])
    assert token not in str(line)


def test_anonymous_and_unmatched_requests_are_lines_too(client, logged):
    client.get(f"{API}/auth/me")
    client.get("/no/such/place?secret=1")
    client.post("/livez")

    first, second, third = logged()
    assert (first["status"], first["code"]) == (401, "unauthorized")
    assert "user" not in first
    assert (second["route"], second["status"]) == ("unmatched", 404)
    assert "place" not in str(second)
    assert (third["method"], third["status"]) == ("POST", 405)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_probes_are_lines_at_debug_alone(client, make_logged, logged, path):
    client.get(path)
    assert logged() == []

    make_logged(log_level="DEBUG").test_client().get(path)

    [line] = logged()
    assert (line["level"], line["route"], line["status"]) == ("debug", path, 200)


@pytest.mark.parametrize(("level", "count"), [("DEBUG", 1), ("INFO", 1), ("WARNING", 0), ("ERROR", 0)])
def test_the_level_is_honoured(make_logged, logged, level, count):
    make_logged(log_level=level).test_client().get("/nothing")

    assert len(logged()) == count


def test_the_libraries_below_stay_quiet_at_debug(make_logged, capsys):
    make_logged(log_level="DEBUG")

    for name in ("botocore.auth", "urllib3.connectionpool", "httpcore2.http11", "sqlalchemy.engine", "some.other"):
        logging.getLogger(name).debug("Authorization: secret")
        logging.getLogger(name).info("Authorization: secret")

    assert "secret" not in capsys.readouterr().err


def test_a_bug_is_a_500_whose_traceback_has_the_same_id(owner, capsys):
    owner.post("/things", json={"name": "crash"}, headers={"X-Request-ID": "the-one"})

    found = [line for line in lines(capsys.readouterr().err) if line.get("request_id") == "the-one"]
    [failed] = [line for line in found if "exception" in line]
    [line] = [line for line in found if line["event"] == "request"]
    assert "Traceback" in failed["exception"]
    assert (line["status"], line["code"]) == (500, "internal_server_error")


def test_a_streamed_response_is_logged_at_its_end(client, capsys):
    response = client.get("/streams/whole", buffered=False)
    assert requests_in(capsys.readouterr().err) == []

    assert response.data == b"onetwothree"

    [line] = requests_in(capsys.readouterr().err)
    assert (line["bytes"], line["status"]) == (11, 200)
    assert "cut" not in line


def test_a_client_that_leaves_in_the_middle_is_seen(client, logged):
    response = client.get("/streams/whole", buffered=False)

    response.close()

    [line] = logged()
    assert line["cut"] is True
    assert line["bytes"] < 11


def test_an_answer_that_breaks_is_logged_with_its_traceback(client, capsys):
    response = client.get("/streams/broken", buffered=False, headers={"X-Request-ID": "broken-one"})
    with pytest.raises(RuntimeError):
        response.get_data()
    response.close()

    found = lines(capsys.readouterr().err)
    assert [line["event"] for line in found] == ["answer.failed", "request"]
    assert "the disk is gone" in found[0]["exception"]
    assert {line["request_id"] for line in found} == {"broken-one"}
    assert found[1]["cut"] is True


def test_a_secret_in_the_path_is_not_in_the_line(client, capsys):
    client.get("/streams/pull/s3cr3t-t0k3n?signature=s3cr3t-s1gn4tur3")

    text = capsys.readouterr().err
    assert requests_in(text)[0]["route"] == "/streams/pull/<token>"
    assert "s3cr3t" not in text


FORGED = '{"event":"request","status":200}'


@pytest.mark.parametrize(
    "trick",
    ["\n", "\r\n", "\x0b", "\x1b[2J", "\x7f", "\x85", "\x9b31m", "\u2028", "\u2029", "\x00", "\ud800", "\U000e0001"],
)
def test_no_client_can_forge_a_line_or_control_a_terminal(owner, client, capsys, trick):
    text = f"x{trick}{FORGED}{trick}"
    sent = text.encode("utf-8", "surrogatepass").decode("latin-1")

    client.get("/", environ_overrides={"PATH_INFO": f"/nothing/{sent}"})
    client.get("/", environ_overrides={"HTTP_X_REQUEST_ID": sent})
    client.get("/", environ_overrides={"REQUEST_METHOD": f"GET{sent}"})
    client.get("/", environ_overrides={"REMOTE_ADDR": sent})
    client.get("/", environ_overrides={"HTTP_X_FORWARDED_FOR": sent, "HTTP_USER_AGENT": sent, "QUERY_STRING": sent})
    owner.post("/things", json={"name": f"crash {text}"})

    printed = capsys.readouterr().err
    assert len(requests_in(printed)) == 6
    assert not [line for line in printed.splitlines() if line.startswith(FORGED)]
    assert {ord(c) for c in printed} & {*range(10), *range(11, 32), *range(0x7F, 0xA0), 0x2028, 0x2029} == set()


class _Full:
    """A standard error that takes nothing any more."""

    def __init__(self, error):
        self._error = error

    def write(self, _text):
        raise self._error

    def flush(self):
        raise self._error


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), BrokenPipeError(), ValueError("I/O operation on closed file"), None],
)
def test_a_log_that_cannot_be_written_fails_no_request(client, owner, monkeypatch, error):
    monkeypatch.setattr(sys, "stderr", _Full(error) if error else None)

    assert client.get(f"{API}/auth/me").status_code == 401
    assert owner.post("/things", json={"name": "crash"}).status_code == 500
    assert client.get("/streams/whole").data == b"onetwothree"


def test_an_id_of_ours_is_made_where_the_client_sends_none(client, logged):
    client.get("/nothing")

    [line] = logged()
    assert UUID(line["request_id"]).version == 7


def test_behind_a_trusted_proxy_the_address_is_the_clients(make_logged, logged):
    make_logged(trusted_proxies=1).test_client().get("/nothing", headers={"X-Forwarded-For": "203.0.113.9"})

    [line] = logged()
    assert line["address"] == "203.0.113.9"


def test_nothing_of_one_request_is_in_the_lines_after_it(client, capsys):
    client.get("/nothing", headers={"X-Request-ID": "over"})
    capsys.readouterr()

    structlog.get_logger("tiktok_api.later").warning("later")

    assert "over" not in capsys.readouterr().err


def test_the_lines_are_written_nowhere_but_to_standard_error(client, capsys, tmp_path: Path):
    client.get("/nothing")

    assert capsys.readouterr().out == ""
    assert not list(tmp_path.glob("**/*.log"))
