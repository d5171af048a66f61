"""What one user gives the worker to do delays neither another user's post nor their next photo."""

import threading

import pytest

from tests.conftest import Person
from tests.databases import on_each_database
from tests.media import sample_media
from tests.servers import wait_until
from tiktok_api.jobs.runner import Runner


@pytest.fixture
def start_worker(app, base_settings):
    """A worker as in production, in threads of this process."""
    runner = Runner(app, base_settings.replace(worker_threads=2, worker_media_threads=1, lease_seconds=60))
    thread = threading.Thread(target=runner.run_forever)
    yield thread.start
    runner.stop()
    thread.join(60)
    assert not thread.is_alive()


def upload(person: Person, content: bytes) -> str:
    body = sample_media.multipart(sample_media.part("file", content, filename="photo.jpg"))
    media_id: str = person.post("/media", data=body, content_type=sample_media.MULTIPART).json["id"]
    return media_id


@on_each_database
def test_a_due_post_and_a_photo_do_not_wait_for_a_hundred_photos_of_another_user(
    publishing, owner, stranger, start_worker
):
    post = publishing.make_post()
    photo = sample_media.photo()
    crowd = [upload(stranger, photo + bytes([number])) for number in range(150)]
    publishing.begin(post)
    media_id = upload(owner, photo)

    start_worker()

    wait_until(lambda: owner.get(f"/media/{media_id}").json["status"] == "ready", seconds=120)
    wait_until(publishing.count_inits, seconds=120)
    still_waiting = stranger.get("/media?status=inspecting&limit=100").json["data"]
    assert len(still_waiting) == 100
    assert len(crowd) == 150
