"""What the server refuses before the application sees it, served as in production."""

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
