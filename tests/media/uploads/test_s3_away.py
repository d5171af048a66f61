"""S3 that does not answer: nothing acknowledged is lost, and every client is told to come back"""

from datetime import timedelta

import pytest

from tests.media import sample_media
from tests.servers import free_port
from tests.storages import on_s3
from tiktok_api import clock_offset
from tiktok_api.extensions import services_of
from tiktok_api.settings import Settings
from tiktok_api.storage.factory import storage_from_url
from tiktok_api.storage.port import Storage

pytestmark = on_s3

MEBIBYTE = 1024 * 1024


@pytest.fixture
def outage(app):
    """Begin or end it."""
    settings, there = services_of(app)[Settings], services_of(app)[Storage]
    away = storage_from_url(settings.storage_url, endpoint_url=f"http://127.0.0.1:{free_port()}")

    def switch(*, on):
        services_of(app)[Storage] = away if on else there

    return switch


def test_an_upload_waits_for_s3_to_come_back(upload, owner, outage, run_jobs):
    content = sample_media.video(pad_to_bytes=7 * MEBIBYTE)
    begun = upload(len(content))
    begun.send(content[:1000])

    outage(on=True)
    refused = begun.send(content[1000:], offset=1000)
    offset = begun.offset
    outage(on=False)
    begun.send(content[1000:], offset=1000)
    run_jobs()

    assert (refused.status_code, refused.json["code"]) == (503, "storage_unavailable")
    assert "Retry-After" in refused.headers
    assert offset == 1000
    assert owner.get(f"/media/{begun.id}/content").data == content


def test_a_file_in_one_request_is_refused_for_now(owner, outage):
    body = sample_media.multipart(sample_media.part("file", sample_media.video()))
    outage(on=True)

    response = owner.post("/media", data=body, content_type=sample_media.MULTIPART)

    assert (response.status_code, response.json["code"]) == (503, "storage_unavailable")
    assert owner.get("/media").json["data"] == []


def test_a_download_is_refused_for_now(owner, make_media, outage):
    media = make_media()
    outage(on=True)

    for path in ("content", "thumbnail"):
        response = owner.get(f"/media/{media['id']}/{path}")
        assert (response.status_code, response.json["code"]) == (503, "storage_unavailable")


def test_what_has_arrived_is_inspected_when_s3_is_back(owner, upload, outage, run_jobs, app):
    content = sample_media.video()
    begun = upload(len(content))
    begun.send(content)
    outage(on=True)
    for _ in range(12):  # more often than work may fail
        run_jobs()
        with app.app_context():
            clock_offset.advance(timedelta(hours=1))
    assert owner.get(f"/media/{begun.id}").json["status"] == "inspecting"

    outage(on=False)
    run_jobs()

    assert owner.get(f"/media/{begun.id}").json["status"] == "ready"


def test_deleting_does_not_wait_for_s3(owner, make_media, outage):
    media = make_media()
    outage(on=True)

    assert owner.delete(f"/media/{media['id']}").status_code == 204
    assert owner.get(f"/media/{media['id']}").status_code == 404


def test_the_server_is_not_ready_without_it(client, outage):
    ready = client.get("/readyz")
    outage(on=True)
    unready = client.get("/readyz")

    assert ready.json["checks"]["storage"] == {"status": "ok"}
    assert unready.status_code == 503
    assert unready.json["checks"]["storage"] == {"status": "failed"}
