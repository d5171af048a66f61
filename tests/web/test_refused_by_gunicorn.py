"""What the server refuses before the application sees it, served as in production."""

import contextlib
import json
import socket

import pytest

from tests.conftest import API

pytestmark = pytest.mark.xdist_group("gunicorn")


def ask(server, *headers):
    """Status, headers and document of an answer to those lines, byte for byte."""
    lines = [f"GET {API}/auth/me HTTP/1.1".encode(), b"Host: localhost", b"Connection: close", *headers, b"", b""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"\r\n".join(lines))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    named = {name.casefold(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    return int(status.split()[1]), named, json.loads(body)


@pytest.mark.parametrize(
    "authorization",
    [
        [b"Authorization: Bearer " + b"a" * 8_000],
        [b"Authorization: Bearer " + b"a.b.c" * 1_500],
        [b"Authorization: Bearer tk_" + b"a" * 7_000],
        [b"Authorization: Bearer \xff\xfe"],
        [b"Authorization: Bearer a", b"Authorization: Bearer b"],
    ],
)
def test_a_token_of_any_form_is_refused_as_a_token(server, authorization):
    status, headers, document = ask(server, *authorization)

    assert (status, document["status"], document["code"]) == (401, 401, "invalid_token")
    assert headers["content-type"] == "application/problem+json"
    assert headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("line", "status"), [(b"X: " + b"a" * 70_000, 431), (b"X: a\0b", 400), (b"no header at all", 400)]
)
def test_a_malformed_request_is_refused_with_a_problem(server, line, status):
    answered, headers, document = ask(server, line)

    assert (answered, document["status"]) == (status, status)
    assert headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "code", "request_id"} == set(document)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 8180 + b"\r\n\r\n", 200),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 8190 + b"\r\n\r\n", 431),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + (b"X: " + b"a" * 900 + b"\r\n") * 60 + b"\r\n", 200),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + (b"X: " + b"a" * 8000 + b"\r\n") * 20 + b"\r\n", 431),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 64 + b"\r\n", 431),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X:" * 200_000, 431),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 200_000, 431),
        (b"GET /" + b"a" * 200_000, 414),
        (b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"a" * 4_000_000, 414),
        (b"GET /livez HTTP/1.1\nHost: localhost\n\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost: localhost\n", 400),
        (b"\n", 400),
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else None,
)
def test_a_head_beyond_its_bounds_is_refused_at_once(server, head, status):
    """Whole or in small pieces: the client keeps the connection open, and is answered all the same."""
    for size in (len(head), 1000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            with contextlib.suppress(ConnectionError):  # it may be refused before its end
                for start in range(0, min(len(head), 200 * size), size):
                    connection.sendall(head[start : start + size])
            answer = connection.recv(65536)

        assert answer[9:12] == str(status).encode()
        assert status == 200 or b"application/problem+json" in answer
