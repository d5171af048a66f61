"""How many large bodies one user, one network and all together may have on their way."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import requests

from benchmarks.survival import Guest
from tests.media.raw_tus import RawUpload
from tests.media.tus_client import BYTES, TUS
from tests.server.conftest import THREADS
from tests.server.connections import answer, connected, gauge, lines
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("attacked server")

MEBIBYTE = 1024 * 1024
PER_USER, PER_NETWORK = 4, 5
"""Of a server with eight threads."""


@contextmanager
def uploading(upload: RawUpload) -> Iterator[None]:
    """A PATCH that goes on at a good rate until the block ends."""
    is_over = threading.Event()
    with upload.open_patch(offset=0, length=upload.length) as connection:

        def send() -> None:
            while not is_over.wait(0.1):
                connection.sendall(b"x" * 65536)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


def begin(guest: Guest, stage) -> RawUpload:
    return RawUpload(stage.server, guest.token, 400 * MEBIBYTE)


@contextmanager
def uploads_running(stage, *guests: Guest) -> Iterator[None]:
    """One good upload for each."""
    with ExitStack() as running:
        for guest in guests:
            running.enter_context(uploading(begin(guest, stage)))
        wait_until(lambda: gauge(stage.server, "tiktok_api_transfers") == len(guests))
        yield
    wait_until(lambda: gauge(stage.server, "tiktok_api_transfers") == 0)


def must_be_busy(response: requests.Response) -> None:
    assert (response.status_code, response.json()["code"]) == (503, "server_busy")
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_user_has_fewer_places_than_the_network(stage, guest):
    other, mine, theirs = Guest(stage.server.url), begin(guest, stage), None
    with uploads_running(stage, *[guest] * PER_USER):
        refused = mine.send(b"x" * 200_000, offset=0)
        theirs = begin(other, stage).send(b"x" * 200_000, offset=0)
        small = begin(guest, stage).send(b"x" * 60_000, offset=0)
        chunked = _send_chunked(guest, stage, [b'{"unknown"', b": 1}"])
        crumbs = _send_chunked(guest, stage, [b" "] * 300 + [b"{}"])

    must_be_busy(refused)
    must_be_busy(crumbs)
    assert (theirs.status_code, small.status_code, chunked.status_code) == (204, 204, 422)
    assert mine.send(b"x" * 200_000, offset=0).status_code == 204, "nothing is lost"


def test_a_refusal_is_counted_once(stage, guest):
    """The body that is left of the refused request asks for a place again, to be drained."""
    refused, upload = 'tiktok_api_transfers_refused_total{outcome="refused"}', begin(guest, stage)
    with uploads_running(stage, *[guest] * PER_USER):
        before = gauge(stage.server, refused)

        upload.send(b"x" * 200_000, offset=0)

        assert gauge(stage.server, refused) - before == 1


def _send_chunked(guest: Guest, stage, chunks: list[bytes]) -> requests.Response:
    """A small body of unknown length, which needs no place unless its chunks are very many."""
    kind = {"Content-Type": "application/json"}
    return requests.post(
        f"{stage.server.url}/api/v1/posts",
        headers=guest.headers | kind,
        data=iter(chunks),
        timeout=60,
    )


@pytest.mark.parametrize("way", ["tus", "creation", "chunked", "multipart", "JSON", "download"])
def test_a_network_has_fewer_places_than_there_are_threads(stage, guest, targets, way):
    users = [Guest(stage.server.url) for _ in range(PER_NETWORK)]
    with uploads_running(stage, *users):
        refused = _ask(way, stage, guest, targets)
        probe = guest.probe() and guest.list_media()

    must_be_busy(refused)
    assert probe


def _ask(way: str, stage, guest: Guest, targets) -> requests.Response:
    url, body = stage.server.url, b"x" * 200_000
    if way == "download":
        bearer = {"Authorization": f"Bearer {targets[0].token}"}
        return requests.get(url + targets[0].content_path, headers=bearer, timeout=60)
    if way == "JSON":
        document = json.dumps({"title": "x" * 200_000}).encode()
        kind = {"Content-Type": "application/json"}
        return requests.post(f"{url}/api/v1/posts", headers=guest.headers | kind, data=document, timeout=60)
    if way == "multipart":
        return requests.post(f"{url}/api/v1/media", headers=guest.headers, files={"file": body}, timeout=60)
    if way == "creation":
        said = TUS | BYTES | {"Upload-Length": "200000"}
        return requests.post(f"{url}/api/v1/media/uploads", headers=guest.headers | said, data=body, timeout=60)
    upload = begin(guest, stage)
    if way == "tus":
        return upload.send(body, offset=0)
    said = BYTES | {"Upload-Offset": "0"}
    return requests.patch(upload.url, headers=upload.headers | said, data=iter([body]), timeout=60)


def test_a_slow_client_gives_its_place_to_one_whose_bytes_are_there(stage, guest):
    slow = [begin(guest, stage) for _ in range(PER_USER)]
    with ExitStack() as connections:
        opened = [connections.enter_context(upload.open_patch(offset=0, length=upload.length)) for upload in slow]
        for connection in opened:
            connection.sendall(b"x" * 100_000)
        wait_until(lambda: all(upload.offset == 100_000 for upload in slow))

        sent = begin(guest, stage).send(b"x" * 200_000, offset=0)
        cut = next(answer(connection) for connection in opened if _is_answered(connection))

    assert sent.status_code == 204
    assert (cut[0], cut[2]["code"]) == (409, "upload_interrupted")
    assert all(upload.offset == 100_000 for upload in slow)


def _is_answered(connection) -> bool:
    connection.settimeout(2)
    try:
        return bool(connection.recv(1, 2))  # MSG_PEEK
    except TimeoutError:
        return False


@pytest.mark.parametrize(
    "framing", ["Content-Length: 0000900000", "Content-Length:900000", "Transfer-Encoding: chunked"]
)
def test_every_way_to_write_a_length_needs_a_place(stage, guest, framing):
    with ExitStack() as opened:
        for _ in range(2 * THREADS):
            upload = RawUpload(stage.server, guest.token, 900_000)
            connection = opened.enter_context(connected(stage.server))
            connection.sendall(upload.head_of_patch(framing) + b"5\r\n")
        held = wait_until(lambda: gauge(stage.server, "tiktok_api_transfers"))
        probe = guest.probe()

    assert probe
    assert 0 < held <= PER_USER


def test_a_place_is_free_again_after_every_kind_of_end(stage, guest):
    for ending in ("cut", "refused", "done"):
        upload = begin(guest, stage)
        with upload.open_patch(offset=0, length=300_000) as connection:
            connection.sendall(b"x" * (300_000 if ending == "done" else 100_000))
        if ending == "refused":
            upload.send(b"x" * 200_000, offset=7)

    wait_until(lambda: gauge(stage.server, "tiktok_api_transfers") == 0)
    with connected(stage.server) as connection:
        connection.sendall(lines("GET /livez HTTP/1.1", "Connection: close"))
        assert answer(connection)[0] == 200
