"""Uploads to a real server that is cut off, stalled and killed: nothing acknowledged is lost, nothing is corrupted"""

import random
import time

import pytest

from tests.media import sample_media
from tests.media.live_server import Stage, on_each_stage
from tests.media.raw_tus import RawUpload, reset
from tests.media.uploads.resumption import durable_offset, resume
from tests.servers import wait_until

pytestmark = [pytest.mark.xdist_group("media server"), on_each_stage]

MEBIBYTE = 1024 * 1024
PART = 5 * MEBIBYTE
LARGE = 12 * MEBIBYTE + 12_345


def test_a_connection_cut_short_keeps_what_arrived(stage):
    content = sample_media.video(pad_to_bytes=LARGE)
    upload = stage.begin(content)
    with upload.open_patch(offset=0, length=LARGE) as connection:
        connection.sendall(content[: 5 * MEBIBYTE])
        wait_until(lambda: stage.stored_bytes(upload) > 0)

    assert durable_offset(upload) == 5 * MEBIBYTE
    resume(upload, content)
    stage.must_have(upload, content)


def test_a_connection_reset_loses_at_most_a_piece(stage):
    content = sample_media.video(pad_to_bytes=LARGE)
    upload = stage.begin(content)
    connection = upload.open_patch(offset=0, length=LARGE)
    connection.sendall(content[: 5 * MEBIBYTE])
    wait_until(lambda: stage.stored_bytes(upload) > 4 * MEBIBYTE)
    reset(connection)

    assert 4 * MEBIBYTE < durable_offset(upload) <= 5 * MEBIBYTE
    resume(upload, content)
    stage.must_have(upload, content)


def test_a_silent_client_is_disconnected_and_may_come_back(stage):
    content = sample_media.video(pad_to_bytes=LARGE)
    upload = stage.begin(content)
    with upload.open_patch(offset=0, length=LARGE) as silent:
        silent.sendall(content[: 3 * MEBIBYTE])
        wait_until(lambda: stage.stored_bytes(upload) > 0)

        resume(upload, content)

    stage.must_have(upload, content)


def test_a_second_connection_is_turned_away_while_the_first_sends(stage):
    content = sample_media.video(pad_to_bytes=LARGE)
    upload = stage.begin(content)
    with upload.open_patch(offset=0, length=LARGE) as first:
        first.sendall(content[:MEBIBYTE])
        wait_until(lambda: stage.stored_bytes(upload) > 0)

        second = upload.send(b"something else", offset=0)

        assert second.status_code == 423
        assert second.json()["code"] == "upload_busy"
        assert "Retry-After" not in second.headers  # that is for 429 and 503 alone
        first.sendall(content[MEBIBYTE:])
        assert first.recv(1000).startswith(b"HTTP/1.1 204")
    stage.must_have(upload, content)


def test_what_has_arrived_is_acknowledged_while_the_client_pauses(stage):
    content = sample_media.video(pad_to_bytes=LARGE)
    upload = stage.begin(content)
    with upload.open_patch(offset=0, length=LARGE) as connection:
        connection.sendall(content[: 8 * MEBIBYTE])

        def progress():
            found = stage.owner.get(f"/media/uploads/{upload.id}").json
            return found if found["received_bytes"] > 7 * MEBIBYTE else None

        found = wait_until(progress)

    assert found["status"] == "uploading"
    assert 50 < found["percentage"] < 100
    assert found["bytes_per_second"] > 0


def test_a_killed_server_resumes_at_what_it_acknowledged(stage):
    content = sample_media.video(pad_to_bytes=LARGE)
    upload = stage.begin(content)
    with upload.open_patch(offset=0, length=LARGE) as connection:
        connection.sendall(content[: 6 * MEBIBYTE])
        wait_until(lambda: stage.stored_bytes(upload) > MEBIBYTE)
        stage.server.kill()
    stage.server.start()

    assert upload.offset <= stage.stored_bytes(upload)
    resume(upload, content)
    stage.must_have(upload, content)


def cut(how: str, upload: RawUpload, stage: Stage, content: bytes, first: int, last: int) -> None:
    """Send the bytes from `first` to `last` of a turn that promised everything, then have an accident."""
    with upload.open_patch(offset=first, length=len(content) - first) as connection:
        connection.sendall(content[first:last])
        if how == "reset":
            reset(connection)
        elif how == "stall":
            durable_offset(upload)
        elif how == "kill":
            stage.server.kill()
    if how == "kill":
        stage.server.start()


def endure(accidents: list[str], chance: random.Random, upload: RawUpload, stage: Stage, content: bytes) -> None:
    """Accidents at any bytes, the edges included; the offset never passes what is stored, nor goes back."""
    acknowledged = 0
    for how in accidents:
        offset = durable_offset(upload)
        assert acknowledged <= offset <= stage.stored_bytes(upload)
        acknowledged = offset
        usual = chance.randrange(1, 2 * len(content) // len(accidents))
        to_boundary = PART - offset % PART  # of what S3 keeps as one
        step = chance.choice([0, 1, 65_535, 65_536, 65_537, usual, usual, usual])
        if to_boundary < usual:
            step = to_boundary + chance.choice([-1, 0, 1])
        cut(how, upload, stage, content, offset, min(offset + step, len(content) - 1))
    resume(upload, content)


def test_many_accidents_end_with_the_same_file(stage):
    content = sample_media.video(pad_to_bytes=11 * MEBIBYTE + 7)
    upload = stage.begin(content)

    endure(["reset", "close", "kill", "reset", "close", "reset"], random.Random(1), upload, stage, content)

    stage.must_have(upload, content)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_fifty_accidents_each_end_with_the_same_file(stage, seed):
    content = sample_media.video(pad_to_bytes=40 * MEBIBYTE + 7)
    upload = stage.begin(content)
    chance = random.Random(seed)
    accidents = chance.choices(["reset", "close", "kill", "stall"], weights=[4, 3, 3, 1], k=50)

    endure(accidents, chance, upload, stage, content)

    stage.must_have(upload, content)


def test_a_client_that_becomes_slow_is_followed(stage):
    content = sample_media.video(pad_to_bytes=LARGE)
    upload = stage.begin(content)
    with upload.open_patch(offset=0, length=LARGE) as connection:
        fast = LARGE - 8 * 80_000
        connection.sendall(content[:fast])  # so that larger pieces are waited for
        for first in range(fast, LARGE, 80_000):
            time.sleep(0.3)  # never silent for a second, but slower than a piece in half a second
            connection.sendall(content[first : first + 80_000])
        assert connection.recv(1000).startswith(b"HTTP/1.1 204")

    stage.must_have(upload, content)
