"""tuspy, a client written by others, unmodified; and what large uploads cost"""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tests.media import sample_media
from tests.media.clients.arrival import MEBIBYTE, assert_arrived
from tests.media.live_server import Stage, on_each_stage
from tests.media.raw_tus import RawUpload
from tests.media.server_process import ROOT
from tiktok_api.cli.sample_video import make_sample_video

pytestmark = pytest.mark.xdist_group("media server")


def client_of(stage: Stage) -> TusClient:
    headers = {"Authorization": f"Bearer {stage.owner.tokens['access_token']}"}
    return TusClient(f"{stage.server.url}/api/v1/media/uploads", headers=headers)


def through_tuspy(stage: Stage, path: Path, *, chunk_size: int) -> str:
    """Upload with a kill -9 of the server half-way, go on with the URL; answers the media's id."""
    half = path.stat().st_size // 2
    with path.open("rb") as file:  # tuspy closes no file that it opens itself
        first = client_of(stage).uploader(file_stream=file, chunk_size=chunk_size, metadata={"filename": path.name})
        first.upload(stop_at=half)
        stage.server.kill()
        with pytest.raises((TusCommunicationError, OSError)):
            first.upload_chunk()
    stage.server.start()
    with path.open("rb") as file:
        second = client_of(stage).uploader(file_stream=file, chunk_size=chunk_size, url=first.url)
        assert second.offset >= half
        second.upload()
    return str(second.url.rpartition("/")[2])


@on_each_stage
def test_tuspy_uploads_and_resumes_after_the_server_was_killed(stage, tmp_path):
    path = make_sample_video(tmp_path / "video.mp4", seconds=1, pad_to_bytes=7 * MEBIBYTE + 1)

    media_id = through_tuspy(stage, path, chunk_size=MEBIBYTE)

    assert_arrived(stage, media_id, path)


def test_our_example_resumes_by_itself_after_the_server_was_killed(stage, tmp_path):
    path = make_sample_video(tmp_path / "video.mp4", seconds=1, pad_to_bytes=300 * MEBIBYTE)
    environment = os.environ | {"API": stage.server.url, "TOKEN": stage.owner.tokens["access_token"]}
    command = [sys.executable, str(ROOT / "examples" / "upload.py"), str(path)]

    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as script:
        while b"%" not in (said := script.stdout.read(60)):
            assert said, "it ended before it began"
        stage.server.kill()
        stage.server.start()
        output = script.stdout.read().decode()

    assert script.returncode == 0, output
    assert_arrived(stage, output.split()[-1], path)


@pytest.mark.long
@on_each_stage
def test_tuspy_uploads_500_megabytes_and_resumes(stage, tmp_path):
    path = make_sample_video(tmp_path / "video.mp4", seconds=1, pad_to_bytes=500 * MEBIBYTE)

    media_id = through_tuspy(stage, path, chunk_size=50 * MEBIBYTE)

    assert_arrived(stage, media_id, path)


@pytest.mark.long
@on_each_stage
def test_eight_large_uploads_at_once_stay_small_in_memory(stage):
    head = sample_media.video()
    filler = sample_media.video(pad_to_bytes=MEBIBYTE)[len(head) :]
    # The simulated S3 keeps everything in memory.
    size = (100 if "s3" in stage.server.environment["STORAGE_URL"] else 500) * MEBIBYTE
    uploads = [RawUpload(stage.server, stage.owner.tokens["access_token"], size) for _ in range(8)]
    before = memory_of(stage)

    def send(upload: RawUpload) -> None:
        """There are fewer places than uploads: one that is refused or gives way goes on where it was, as every client does."""
        while (offset := upload.offset) < size:
            with suppress(OSError), upload.open_patch(offset=offset, length=size - offset) as connection:
                for place in range(offset, size, MEBIBYTE):
                    connection.sendall(filler.ljust(MEBIBYTE, b"\0")[: size - place])
                connection.recv(1000)

    senders = [threading.Thread(target=send, args=(upload,)) for upload in uploads]
    for sender in senders:
        sender.start()
    peak = 0
    while any(sender.is_alive() for sender in senders):
        peak = max(peak, memory_of(stage))
        senders[0].join(timeout=0.2)

    assert all(upload.offset == size for upload in uploads)
    assert peak - before < 64 * MEBIBYTE
    for upload in uploads:
        stage.owner.delete(f"/media/{upload.id}")
    stage.run_jobs()


def memory_of(stage: Stage) -> int:
    """The resident memory of the largest process of the server."""
    return max(psutil.Process(pid).memory_info().rss for pid in stage.server.process_ids)
