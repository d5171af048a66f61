"""Bodies in every framing and cut into any packets arrive as they were sent, and what follows them is the next request."""

import hashlib
import random
import socket

import pytest

from tests.conftest import API
from tests.media import sample_media
from tests.server.connections import everything, lines

pytestmark = pytest.mark.xdist_group("attacked server")

CHUNKED = "Transfer-Encoding: chunked"
LOOK = lines("GET /livez HTTP/1.1", "Connection: close")


def in_chunks(content: bytes, draw: random.Random) -> bytes:
    """Chunks of any size, some with extensions, and trailers."""
    wire, at = b"", 0
    while at < len(content):
        size = min(draw.choice([1, 2, 17, 1000, 8191, 8192, 70_000, 300_000]), len(content) - at)
        extension = draw.choice([b"", b"", b";a", b" ; b=c", b';d="e;f"'])
        wire += draw.choice([b"%x", b"%X", b"000%x"]) % size + extension + b"\r\n" + content[at : at + size] + b"\r\n"
        at += size
    return wire + b"0" + draw.choice([b"", b";x=y"]) + b"\r\n" + draw.choice([b"", b"X-Trailer: 1\r\n"]) + b"\r\n"


def send_in_packets(connection: socket.socket, wire: bytes, draw: random.Random) -> None:
    at = 0
    while at < len(wire):
        size = draw.choice([1, 2, 3, 500, 8192, 65_536, 262_144])
        connection.sendall(wire[at : at + size])
        at += size


@pytest.mark.parametrize("framing", ["chunks", "length"])
@pytest.mark.parametrize("seed", range(4))
def test_any_framing_in_any_packets(stage, framing, seed):
    draw = random.Random(seed)
    content = sample_media.video() + draw.randbytes(draw.choice([10, 5_000, 700_000]))
    upload = stage.begin(content)
    body = in_chunks(content, draw) if framing == "chunks" else content
    head = upload.head_of_patch(CHUNKED if framing == "chunks" else f"Content-Length: {len(content)}")

    with socket.create_connection(("127.0.0.1", stage.server.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        send_in_packets(connection, head + body + LOOK, draw)
        answers = everything(connection)

    assert answers.startswith(b"HTTP/1.1 204 ")
    assert answers.endswith(b'{"status":"ok"}'), "the next request was found where the body ended"
    assert upload.offset == len(content)
    stage.run_jobs()
    media = stage.owner.get(f"/media/{upload.id}").json
    assert media["sha256"] in (hashlib.sha256(content).hexdigest(), None)


BROKEN = [
    b"5\r\nhello",
    b"5\nhello\r\n0\r\n\r\n",
    b"5\r\nhelloX\r\n0\r\n\r\n",
    b"5\r\nhello\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"5_0\r\nhello\r\n0\r\n\r\n",
    b" 5\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"\r\nhello\r\n0\r\n\r\n",
    b";a\r\nhello\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\nhello\r\n",
    b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    b"5;" + b"a" * 9000 + b"\r\nhello\r\n0\r\n\r\n",
    b"1" * 9000,
    b"5\r\nhello\r\n0\r\nHost: evil.example\r\n\r\n",
    b"5\r\nhello\r\n0\r\nno trailer\r\n\r\n",
    b"5\r\nhello\r\n0\r\n" + b"X: a\r\n" * 3000 + b"\r\n",
    b"1\r\nx\r\n" * 200_000,
]


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: repr(body[:12]))
def test_broken_chunks_never_become_another_request(stage, body):
    upload = stage.begin(b"x" * 1_000_000)

    with socket.create_connection(("127.0.0.1", stage.server.port), timeout=60) as connection:
        try:
            connection.sendall(upload.head_of_patch(CHUNKED) + body + LOOK)
            connection.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # it may be refused before its end
        answers = everything(connection)

    assert answers.count(b"HTTP/1.1 ") <= 1
    assert b'{"status":"ok"}' not in answers
    assert not answers or answers[9:12] in (b"400", b"409")


@pytest.mark.parametrize("path", ["auth/login", "auth/password/forgot", "webhooks/tiktok", "posts", "media/import"])
def test_broken_chunks_of_a_small_body_are_the_fault_of_the_client(stage, path):
    bearer = f"Authorization: Bearer {stage.owner.tokens['access_token']}"
    said = [bearer, "Content-Type: application/json", "Transfer-Encoding: chunked"]
    answered = {}

    for body in BROKEN:
        with socket.create_connection(("127.0.0.1", stage.server.port), timeout=60) as connection:
            try:
                connection.sendall(lines(f"POST {API}/{path} HTTP/1.1", *said) + body)
                connection.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass  # it may be refused before its end
            answered[body[:12]] = everything(connection)[9:12]

    assert answered.pop(BROKEN[0][:12]) == b"408"  # it only ends too early
    assert answered.pop(BROKEN[-1][:12]) in (b"400", b"413")
    assert set(answered.values()) == {b"400"}
