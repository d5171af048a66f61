"""A kept connection goes on, or was said to end: every refusal, over real sockets, served as in production."""

import re
import socket
import time
from collections.abc import Iterator

import pytest
import requests

from tests.conftest import API
from tests.media.server_process import Server
from tests.samples import sampled

pytestmark = pytest.mark.xdist_group("kept connections")

ID = "01a21546-c1ff-712e-a1ee-bfb74676ad39"
LARGE, HUGE = 200_000, 6_000_000
TUS = "Tus-Resumable: 1.0.0"
BYTES = "Content-Type: application/offset+octet-stream"
JSON = "Content-Type: application/json"
MULTIPART = "Content-Type: multipart/form-data; boundary=x"

REFUSALS = {
    "401 tus": ("PATCH", f"{API}/media/uploads/{ID}", [TUS, BYTES, "Upload-Offset: 0"], False, 401),
    "401 JSON": ("POST", f"{API}/posts", [JSON], False, 401),
    "401 multipart": ("POST", f"{API}/media", [MULTIPART], False, 401),
    "404 tus": ("PATCH", f"{API}/media/uploads/{ID}", [TUS, BYTES, "Upload-Offset: 0"], True, 404),
    "404 malformed id": ("PATCH", f"{API}/posts/42", [JSON], True, 404),
    "404 nowhere": ("POST", "/nowhere", [JSON], False, 404),
    "405": ("PUT", f"{API}/posts", [JSON], True, 405),
    "405 a word": ("PATCH", f"{API}/accounts/connect", [JSON], True, 405),
    "400 tus": ("PATCH", f"{API}/media/uploads/{ID}", [TUS, BYTES, "Upload-Offset: x"], True, 400),
    "412 tus": ("PATCH", f"{API}/media/uploads/{ID}", ["Tus-Resumable: 0.1", BYTES, "Upload-Offset: 0"], True, 412),
    "413 tus": ("POST", f"{API}/media/uploads", [TUS, BYTES, "Upload-Length: 99999999999"], True, 413),
    "415 tus": ("PATCH", f"{API}/media/uploads/{ID}", [TUS, JSON, "Upload-Offset: 0"], True, 415),
    "415 JSON": ("POST", f"{API}/posts", ["Content-Type: text/plain"], True, 415),
    "415 multipart": ("POST", f"{API}/media", ["Content-Type: multipart/form-data"], True, 415),
    "422 query": ("POST", f"{API}/posts?x=1", [JSON], True, 422),
    "422 multipart": ("POST", f"{API}/media", [MULTIPART], True, 422),
    "a GET with a body": ("GET", f"{API}/auth/me", [], True, 200),
    "a DELETE with a body": ("DELETE", f"{API}/posts/{ID}", [], True, 404),
    "a probe with a body": ("GET", "/livez", [], False, 200),
}


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    person = {"email": "owner@example.com", "password": "correct horse battery"}
    return str(requests.post(f"{server.url}{API}/auth/register", json=person, timeout=30).json()["access_token"])


class Connection:
    """One connection, byte for byte."""

    def __init__(self, server: Server) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self._rest = b""

    def send(self, head: list[str], body: bytes = b"") -> None:
        self.socket.sendall("\r\n".join([*head, "Host: localhost", "", ""]).encode() + body)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next answer that is not interim. Raises EOFError where there is none."""
        while True:
            while b"\r\n\r\n" not in self._rest:
                self._more()
            head, _, self._rest = self._rest.partition(b"\r\n\r\n")
            status, *fields = head.decode().split("\r\n")
            assert re.fullmatch(r"HTTP/1\.1 \d{3} .*", status), status
            if not status.startswith("HTTP/1.1 1"):
                break
        headers = {name.casefold(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        length = int(headers.get("content-length", 0))
        while len(self._rest) < length:
            self._more()
        body, self._rest = self._rest[:length], self._rest[length:]
        return int(status.split()[1]), headers, body

    def _more(self) -> None:
        try:
            received = self.socket.recv(65536)
        except ConnectionResetError:
            received = b""
        if not received:
            raise EOFError
        self._rest += received

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    opened = Connection(server)
    yield opened
    opened.close()


def lines_of(name: str, token: str) -> tuple[list[str], int]:
    method, path, headers, is_signed_in, status = REFUSALS[name]
    bearer = [f"Authorization: Bearer {token}"] if is_signed_in else []
    return [f"{method} {path} HTTP/1.1", *headers, *bearer], status


def chunked(size: int) -> bytes:
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    return piece * (size // 65536) + b"0\r\n\r\n"


def must_keep_its_word(connection: Connection, *statuses: int) -> bool:
    """Hold an answer to what it says of the connection; returns whether it goes on."""
    answered, headers, _ = connection.answer()
    assert answered in statuses
    if headers["connection"].casefold() == "close":
        with pytest.raises(EOFError):
            connection.answer()
        return False
    connection.send(["GET /livez HTTP/1.1"])
    assert connection.answer()[0] == 200
    return True


@pytest.mark.parametrize("size", [10, LARGE, HUGE])
@pytest.mark.parametrize("name", sampled(REFUSALS, one_in=3))
def test_an_unread_body_of_known_length(connection, token, name, size):
    head, status = lines_of(name, token)
    connection.send([*head, f"Content-Length: {size}"], b"x" * size)

    goes_on = must_keep_its_word(connection, status, *([413] if size == HUGE else []))

    assert goes_on == (size < HUGE)


@pytest.mark.parametrize("size", [4 * 65536, HUGE])
@pytest.mark.parametrize("name", sampled(REFUSALS, one_in=3))
def test_an_unread_body_in_chunks(connection, token, name, size):
    head, status = lines_of(name, token)
    connection.send([*head, "Transfer-Encoding: chunked"], chunked(size))

    goes_on = must_keep_its_word(connection, status, *([413] if size == HUGE else []))

    assert goes_on == (size < HUGE)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_body_that_waits_for_100_continue(connection, token, name):
    head, status = lines_of(name, token)
    connection.send([*head, f"Content-Length: {LARGE}", "Expect: 100-continue"])
    connection.socket.sendall(b"x" * LARGE)

    must_keep_its_word(connection, status)


@pytest.mark.parametrize("name", ["401 tus", "404 tus", "415 JSON", "404 nowhere"])
def test_a_body_that_never_comes_ends_the_connection(connection, token, name):
    head, status = lines_of(name, token)
    connection.send([*head, f"Content-Length: {LARGE}"], b"x" * 100)

    answered, headers, _ = connection.answer()

    assert (answered, headers["connection"]) == (status, "close")


@pytest.mark.parametrize("name", ["401 tus", "404 tus", "415 JSON", "404 nowhere"])
def test_broken_chunks_end_the_connection(connection, token, name):
    head, status = lines_of(name, token)
    connection.send([*head, "Transfer-Encoding: chunked"], b"5\r\nhello\r\nnonsense\r\n")

    answered, headers, _ = connection.answer()

    assert (answered, headers["connection"]) == (status, "close")


@pytest.mark.parametrize("name", REFUSALS)
def test_pipelined_requests_are_answered_in_order_or_not_at_all(connection, token, name):
    head, status = lines_of(name, token)
    again = "\r\n".join([*head, f"Content-Length: {LARGE}", "Host: localhost", "", ""]).encode() + b"x" * LARGE
    look = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection.socket.sendall(again + look + again + look)

    answers = [connection.answer()[0] for _ in range(4)]

    assert answers == [status, 200, status, 200]


def test_the_connection_of_a_paused_upload_is_kept_only_if_announced(connection, token):
    bearer = f"Authorization: Bearer {token}"
    connection.send([f"POST {API}/media/uploads HTTP/1.1", TUS, bearer, "Upload-Length: 20", "Content-Length: 0"])
    status, headers, _ = connection.answer()
    assert status == 201
    append = [f"PATCH {headers['location']} HTTP/1.1", TUS, BYTES, bearer, "Upload-Offset: 0", "Content-Length: 20"]
    connection.send(append, b"x" * 10)
    time.sleep(1.5)  # the pause itself is what is tested: the server has then waited in vain once
    connection.socket.sendall(b"x" * 10)

    must_keep_its_word(connection, 204)
