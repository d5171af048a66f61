"""Several API servers, one database and one S3: any server resumes an upload, one at a time"""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from tests.media import sample_media
from tests.media.server_process import Server
from tests.media.uploads.resumption import durable_offset, resume
from tests.servers import wait_until
from tiktok_api.db import db

pytestmark = [
    pytest.mark.xdist_group("media server"),
    pytest.mark.parametrize("stage", ["s3_stage"], indirect=True, ids=["s3"]),
]

MEBIBYTE = 1024 * 1024
CONTENT = sample_media.video(pad_to_bytes=13 * MEBIBYTE + 5)


@pytest.fixture
def second(stage, tmp_path) -> Iterator[Server]:
    """Another server beside the stage's."""
    with Server(stage.server.environment, tmp_path / "second.log") as server:
        yield server


@contextmanager
def at(upload, server):
    """The same upload, at another server."""
    first, upload.server = upload.server, server
    try:
        yield upload
    finally:
        upload.server = first


def test_what_one_server_received_when_it_was_killed_another_one_finishes(stage, second):
    upload = stage.begin(CONTENT)
    with upload.open_patch(offset=0, length=len(CONTENT)) as connection:
        connection.sendall(CONTENT[: 8 * MEBIBYTE])
        wait_until(lambda: stage.stored_bytes(upload) > 6 * MEBIBYTE)
        stage.server.kill()

    with at(upload, second):
        offset = durable_offset(upload)
        assert 6 * MEBIBYTE < offset <= stage.stored_bytes(upload)
        resume(upload, CONTENT)

    stage.server.start()
    stage.must_have(upload, CONTENT)


def test_a_second_server_turns_the_client_away_while_the_first_receives(stage, second):
    upload = stage.begin(CONTENT)
    with upload.open_patch(offset=0, length=len(CONTENT)) as connection:
        connection.sendall(CONTENT[:MEBIBYTE])
        wait_until(lambda: stage.stored_bytes(upload) > 0)

        with at(upload, second):
            answer = upload.send(CONTENT, offset=0)

        assert (answer.status_code, answer.json()["code"]) == (423, "upload_busy")
        connection.sendall(CONTENT[MEBIBYTE:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")
    stage.must_have(upload, CONTENT)


@pytest.mark.parametrize("before", [200_000, 9 * MEBIBYTE])
def test_a_server_that_stands_still_beyond_its_lease_and_wakes_up_spoils_nothing(stage, second, before):
    """Stopped in the middle of receiving, with bytes of another file still to come once it is awake."""
    upload = stage.begin(CONTENT)
    with upload.open_patch(offset=0, length=len(CONTENT)) as connection:
        connection.sendall(CONTENT[:before])
        wait_until(lambda: stage.stored_bytes(upload) > 0)
        stop_between_transactions(stage)
        try:
            with at(upload, second):
                offset = durable_offset(upload)
                assert upload.send(CONTENT[offset : 11 * MEBIBYTE], offset=offset).status_code == 204
        finally:
            stop(stage.server, signal.SIGCONT)
        answer = b""
        with suppress(OSError):  # it may hang up on us in the middle
            connection.sendall(b"z" * (len(CONTENT) - before))
            answer = connection.recv(1000)

        assert not answer.startswith(b"HTTP/1.1 2")
    with at(upload, second):
        assert upload.offset == 11 * MEBIBYTE
        resume(upload, CONTENT)
    stage.must_have(upload, CONTENT)


def stop_between_transactions(stage) -> None:
    """Stop the server where it does not hold SQLite's one lock, which would keep every other server waiting."""
    with stage.app.app_context():
        file = db.engine.url.database
    while True:
        stop(stage.server, signal.SIGSTOP)
        database = closing(sqlite3.connect(file, timeout=0, isolation_level=None))
        with suppress(sqlite3.OperationalError), database as connection:
            connection.execute("begin immediate")
            return
        stop(stage.server, signal.SIGCONT)


def stop(server: Server, sent: signal.Signals) -> None:
    for pid in server.process_ids:
        os.kill(pid, sent)
