"""What does not arrive in time is refused or kept, and never waited for without end."""

import re
import socket
import threading

import pytest

from tests.conftest import API
from tests.media import sample_media
from tests.media.raw_tus import RawUpload
from tests.media.uploads.resumption import durable_offset, resume
from tests.server.connections import answer, connected, everything, gauge, lines
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("attacked server")

MEBIBYTE = 1024 * 1024
JSON = "Content-Type: application/json"


def test_an_incomplete_request_is_refused_and_an_empty_one_dropped(stage, guest):
    bearer = f"Authorization: Bearer {guest.token}"
    sent = {
        "nothing": b"",
        "half a line": b"GET /li",
        "half a head": b"GET /livez HTTP/1.1\r\nHost: loc",
        "half a body": lines(f"POST {API}/auth/login HTTP/1.1", JSON, "Content-Length: 60") + b'{"email":',
        "half a body after 100": lines(
            f"POST {API}/auth/login HTTP/1.1",
            JSON,
            "Content-Length: 60",
            "Expect: 100-continue",
        ),
        "half a large body": lines(f"POST {API}/posts HTTP/1.1", JSON, bearer, "Content-Length: 100000") + b" " * 5000,
        "half a chunked body": lines(f"POST {API}/posts HTTP/1.1", JSON, bearer, "Transfer-Encoding: chunked") + b"5",
    }
    found: dict[str, bytes] = {}

    def speak(name: str, said: bytes) -> None:
        with connected(stage.server) as connection:
            connection.sendall(said)
            found[name] = everything(connection)

    speakers = [threading.Thread(target=speak, args=case) for case in sent.items()]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join()

    statuses = {name: got.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")[9:12] for name, got in found.items()}
    assert statuses == dict.fromkeys(sent, b"408") | {"nothing": b""}
    assert all(b"application/problem+json" in got for name, got in found.items() if name != "nothing")


@pytest.mark.parametrize("length", [3, 100_000, 300_000])
def test_a_body_that_ends_before_its_length_is_no_request(stage, guest, length):
    """`{}` would be a document by itself."""
    bearer = f"Authorization: Bearer {guest.token}"
    with connected(stage.server) as connection:
        connection.sendall(lines(f"POST {API}/posts HTTP/1.1", JSON, bearer, f"Content-Length: {length}") + b"{}")
        connection.shutdown(socket.SHUT_WR)

        status, _, problem = answer(connection)

    assert (status, problem["code"]) == (408, "body_incomplete")


def test_a_patch_byte_by_byte_is_kept_and_gives_way_to_its_owner(stage):
    content = sample_media.video(pad_to_bytes=2 * MEBIBYTE)
    upload = stage.begin(content)
    is_over = threading.Event()

    def trickle(connection) -> None:
        for byte in content[300_000:]:
            if is_over.wait(0.3):
                return
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return

    with upload.open_patch(offset=0, length=len(content)) as slow:
        slow.sendall(content[:300_000])
        wait_until(lambda: upload.offset >= 300_000)
        thread = threading.Thread(target=trickle, args=[slow])
        thread.start()
        kept = wait_until(lambda: _turn(upload), seconds=60)
        resume(upload, content)
        is_over.set()
        thread.join()

    assert 300_000 <= kept < 400_000
    stage.must_have(upload, content)


def _turn(upload: RawUpload) -> int | None:
    """What is kept, once another connection of the owner has its turn."""
    refused = upload.send(b"", offset=upload.length + 1)
    return int(refused.headers["Upload-Offset"]) if refused.status_code == 409 else None


def test_a_patch_byte_by_byte_ends_although_no_other_connection_wants_the_upload(stage):
    content = sample_media.video(pad_to_bytes=2 * MEBIBYTE)
    upload = stage.begin(content)

    with upload.open_patch(offset=0, length=len(content)) as slow:
        slow.sendall(content[:300_000])
        slow.settimeout(0.5)
        ended = _trickle_until_answered(slow, content[300_000:])

    assert ended.startswith(b"HTTP/1.1 409")
    assert b"upload_interrupted" in ended
    assert 300_000 <= durable_offset(upload) < 400_000


def _trickle_until_answered(connection, content: bytes) -> bytes:
    for byte in content:
        try:
            connection.sendall(bytes([byte]))
            begin = connection.recv(65536)
        except TimeoutError:
            continue
        connection.settimeout(60)
        return begin + everything(connection)
    raise AssertionError("never answered")


def test_a_small_part_of_an_upload_is_kept_when_the_client_hangs_up(stage):
    content = sample_media.video(pad_to_bytes=100_000)
    upload = stage.begin(content)

    with upload.open_patch(offset=0, length=50_000) as connection:
        connection.sendall(content[:20_000])

    wait_until(lambda: upload.offset == 20_000)
    resume(upload, content)
    stage.must_have(upload, content)


def test_a_download_that_is_not_read_ends(stage, targets):
    target = targets[0]
    with connected(stage.server, receive_buffer=4096) as connection:
        connection.sendall(lines(f"GET {target.content_path} HTTP/1.1", f"Authorization: Bearer {target.token}"))
        connection.recv(1)

        wait_until(lambda: gauge(stage.server, "tiktok_api_transfers") == 0, seconds=90)
        rest = everything(connection)

    assert len(rest) < 20 * MEBIBYTE


def test_pipelined_answers_that_are_read_late_are_whole(stage):
    ask = lines("GET /openapi.json HTTP/1.1") * 8 + lines("GET /livez HTTP/1.1", "Connection: close")
    with connected(stage.server, receive_buffer=4096) as connection:
        connection.sendall(ask)
        wait_until(lambda: gauge(stage.server, "tiktok_api_http_requests_in_flight") <= 1)

        answers = everything(connection)

    lengths = [int(length) for length in re.findall(rb"Content-Length: (\d+)\r\n", answers)]
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == len(lengths) == 9
    assert len(answers) > sum(lengths) > 8 * 100_000
    assert answers.endswith(b'{"status":"ok"}')
