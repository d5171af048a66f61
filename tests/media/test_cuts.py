"""Uploads to a real server that is cut off, stalled and killed: nothing acknowledged is lost, nothing is corrupted"""

import hashlib
import random
from pathlib import Path

import pytest
import requests

from tests.media import making
from tests.media.raw_tus import RawUpload, reset
from tests.media.serving import Server, serving
from tests.running_jobs import run_due_jobs
from tests.servers import wait_until

MEBIBYTE = 1024 * 1024
LARGE = 12 * MEBIBYTE + 12_345


@pytest.fixture
def server(app, database_url, tmp_path):
    """A server on the same database and files as `app`, whose people can sign in there."""
    with serving(database_url, tmp_path, UPLOAD_STALL_SECONDS="3") as server:
        yield server


@pytest.fixture
def begin(server, owner):
    return lambda content: RawUpload(server, owner.tokens["access_token"], len(content))


@pytest.fixture
def must_arrive(app, owner, tmp_path):
    """What was sent is what is stored, and inspection found the same hash."""

    def check(upload: RawUpload, content: bytes) -> None:
        run_due_jobs(app)
        media = owner.get(f"/media/{upload.id}").json
        assert media["status"] == "ready"
        assert media["sha256"] == hashlib.sha256(content).hexdigest()
        assert hashlib.sha256(owner.get(f"/media/{upload.id}/content").data).hexdigest() == media["sha256"]

    return check


def stored_bytes(tmp_path: Path) -> int:
    return max((file.stat().st_size for file in (tmp_path / "media").glob("??/??/*")), default=0)


def send_when_free(upload: RawUpload, content: bytes, *, offset: int) -> requests.Response:
    """The answer once no other connection holds the upload."""

    def attempt() -> list[requests.Response]:
        response = upload.send(content, offset=offset)
        return [] if response.status_code == 423 else [response]

    return wait_until(attempt)[0]


def settled_offset(upload: RawUpload) -> int:
    """The offset once nobody is writing: a turn behind the end is answered 423 before, and 409 then."""
    response = send_when_free(upload, b"", offset=upload.length + 1)
    assert response.status_code == 409
    return int(response.headers["Upload-Offset"])


def go_on(upload: RawUpload, content: bytes) -> None:
    """What any client does after an accident."""
    offset = settled_offset(upload)
    assert upload.offset == offset
    assert upload.send(content[offset:], offset=offset).status_code == 204


def test_a_connection_cut_short_keeps_what_arrived(begin, must_arrive):
    content = making.video(pad_to_bytes=LARGE)
    upload = begin(content)
    with upload.open_patch(offset=0, length=LARGE) as connection:
        connection.sendall(content[: 5 * MEBIBYTE])

    assert settled_offset(upload) == 5 * MEBIBYTE
    go_on(upload, content)
    must_arrive(upload, content)


def test_a_connection_reset_keeps_nearly_all_that_arrived(begin, must_arrive):
    content = making.video(pad_to_bytes=LARGE)
    upload = begin(content)
    connection = upload.open_patch(offset=0, length=LARGE)
    connection.sendall(content[: 5 * MEBIBYTE])
    reset(connection)

    assert 0 < settled_offset(upload) <= 5 * MEBIBYTE
    go_on(upload, content)
    must_arrive(upload, content)


def test_a_client_that_falls_silent_is_let_go_of_and_may_come_back(begin, must_arrive):
    content = making.video(pad_to_bytes=LARGE)
    upload = begin(content)
    with upload.open_patch(offset=0, length=LARGE) as silent:
        silent.sendall(content[: 3 * MEBIBYTE])
        wait_until(lambda: upload.offset > 0)

        go_on(upload, content)

    must_arrive(upload, content)


def test_a_second_connection_is_turned_away_while_the_first_sends(begin, must_arrive):
    content = making.video(pad_to_bytes=LARGE)
    upload = begin(content)
    with upload.open_patch(offset=0, length=LARGE) as first:
        first.sendall(content[:MEBIBYTE])

        [second] = wait_until(lambda: busy(upload.send(b"something else", offset=0)))

        assert second.json()["code"] == "upload_busy"
        assert second.headers["Retry-After"] == "1"
        first.sendall(content[MEBIBYTE:])
        assert first.recv(1000).startswith(b"HTTP/1.1 204")
    must_arrive(upload, content)


def busy(response: requests.Response) -> list[requests.Response]:
    return [response] if response.status_code == 423 else []


def test_progress_is_seen_while_bytes_arrive(begin, owner):
    content = making.video(pad_to_bytes=LARGE)
    upload = begin(content)
    with upload.open_patch(offset=0, length=LARGE) as connection:
        connection.sendall(content[: 8 * MEBIBYTE])

        def progress():
            found = owner.get(f"/media/uploads/{upload.id}").json
            return found if found["received_bytes"] > 7 * MEBIBYTE else None

        found = wait_until(progress)

    assert found["status"] == "uploading"
    assert 0 < found["percentage"] < 100
    assert found["bytes_per_second"] > 0


def test_a_server_killed_while_it_receives_goes_on_where_it_acknowledged(begin, server, must_arrive, tmp_path):
    content = making.video(pad_to_bytes=LARGE)
    upload = begin(content)
    with upload.open_patch(offset=0, length=LARGE) as connection:
        connection.sendall(content[: 6 * MEBIBYTE])
        wait_until(lambda: stored_bytes(tmp_path) > MEBIBYTE)
        server.kill()
    server.start()

    assert upload.offset <= stored_bytes(tmp_path)
    go_on(upload, content)
    must_arrive(upload, content)


def cut(how: str, upload: RawUpload, server: Server, content: bytes, first: int, last: int) -> None:
    """Send the bytes from `first` to `last` of a turn that promised everything, then have an accident."""
    with upload.open_patch(offset=first, length=len(content) - first) as connection:
        try:
            connection.sendall(content[first:last])
        except OSError:
            return  # turned away: another connection still has the upload
        if how == "reset":
            reset(connection)
        elif how == "kill":
            server.kill()
        elif how == "stall":
            settled_offset(upload)
    if how == "kill":
        server.start()


def endure(cuts: int, seed: int, upload: RawUpload, server: Server, content: bytes, tmp_path: Path) -> None:
    """Any mix of accidents at any bytes, the edges included; the offset never passes what is stored, nor goes back."""
    chance = random.Random(seed)
    acknowledged = 0
    for number in range(cuts):
        offset = settled_offset(upload)
        assert acknowledged <= offset <= stored_bytes(tmp_path)
        acknowledged = offset
        step = chance.choice([0, 1, 1023, 65_536, 65_537, chance.randrange(1, len(content) // cuts + 2)])
        how = chance.choice(["reset", "close", "kill"] if number % 10 else ["stall"])
        cut(how, upload, server, content, offset, min(offset + step, len(content) - 1))
    go_on(upload, content)


def test_many_accidents_end_with_the_same_file(begin, server, must_arrive, tmp_path):
    content = making.video(pad_to_bytes=3 * MEBIBYTE + 7)
    upload = begin(content)

    endure(12, 1, upload, server, content, tmp_path)

    must_arrive(upload, content)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_fifty_accidents_each_end_with_the_same_file(begin, server, must_arrive, tmp_path, seed):
    content = making.video(pad_to_bytes=8 * MEBIBYTE + 7)
    upload = begin(content)

    endure(50, seed, upload, server, content, tmp_path)

    must_arrive(upload, content)
