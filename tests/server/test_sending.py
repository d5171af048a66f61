"""How a response leaves: its head together with its body, and at once where there is no body."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.server_process import Server, served
from tests.server.connections import connected, lines

pytestmark = pytest.mark.xdist_group("sending")

MANY = 40


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(sqlite_template, tmp_path_factory.mktemp("sending")) as running:
        yield running


def test_a_small_response_is_sent_as_one_piece(server):
    with connected(server) as connection:
        pieces = []
        for _ in range(MANY):
            connection.sendall(lines("GET /livez HTTP/1.1"))
            pieces.append(connection.recv(65536))

    assert [piece.endswith(b'{"status":"ok"}') for piece in pieces] == [True] * MANY


@pytest.mark.parametrize("request_line", ["HEAD /livez HTTP/1.1", "OPTIONS /livez HTTP/1.1"])
def test_a_response_without_a_body_does_not_wait_for_one(server, request_line):
    with connected(server) as connection:
        connection.sendall(lines(request_line) + lines("GET /livez HTTP/1.1"))
        received = b""
        while not received.endswith(b'{"status":"ok"}'):
            received += connection.recv(65536)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.count(b"HTTP/1.1 ") == 2


def test_what_a_client_waits_for_before_it_sends_comes_at_once(server):
    with connected(server) as connection:
        connection.sendall(lines("POST /api/v1/auth/login HTTP/1.1", "Content-Length: 200000", "Expect: 100-continue"))
        first = connection.recv(65536)

    assert first.split(b"\r\n")[0].split()[1] == b"100"
