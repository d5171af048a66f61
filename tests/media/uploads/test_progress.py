"""HEAD, GET and DELETE /media/uploads/{id}, and what time does to uploads"""

from datetime import timedelta

import pytest

from tests.media.tus_client import TUS, metadata
from tests.storages import keys_in
from tiktok_api import clock_offset


def test_head_answers_where_to_go_on(upload):
    begun = upload(10, headers={"Upload-Metadata": metadata(filename="a.mp4", note="take 2")})
    begun.send(b"01234")

    response = begun.head()

    assert response.status_code == 200
    assert response.headers["Upload-Offset"] == "5"
    assert response.headers["Upload-Length"] == "10"
    assert response.headers["Upload-Metadata"] == metadata(filename="a.mp4", note="take 2")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert response.data == b""


def test_progress_is_shown_in_percent(upload, owner):
    begun = upload(8)
    begun.send(b"012")

    progress = owner.get(begun.path).json

    assert progress["status"] == "uploading"
    assert (progress["received_bytes"], progress["size_bytes"], progress["percentage"]) == (3, 8, 37.5)
    assert progress["bytes_per_second"] > 0
    assert progress["eta_seconds"] >= 0


def test_progress_towards_an_unknown_length_has_no_percentage(upload, owner):
    begun = upload(None)
    begun.send(b"012")

    progress = owner.get(begun.path).json

    assert (progress["received_bytes"], progress["percentage"], progress["eta_seconds"]) == (3, None, None)


def test_a_terminated_upload_is_gone_with_its_bytes(upload, app, run_jobs):
    begun = upload(10)
    begun.send(b"01234")

    response = begun.terminate()
    run_jobs()

    assert response.status_code == 204
    assert begun.head().status_code == 404
    assert begun.send(b"5", offset=5).status_code == 404
    assert list(keys_in(app)) == []


@pytest.mark.parametrize("method", ["HEAD", "GET", "DELETE", "PATCH"])
def test_a_stranger_finds_nothing_there(upload, stranger, method):
    begun = upload(10)

    response = stranger.open(begun.path, method=method, headers=TUS | {"Upload-Offset": "0"}, data=None)

    assert response.status_code == (415 if method == "PATCH" else 404)
    assert begun.head().status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
def test_another_version_of_the_protocol_is_refused(upload, owner, method):
    response = owner.open(upload().path, method=method)

    assert response.status_code == 412


def test_an_upload_that_rested_too_long_is_gone_for_good(app, owner, upload):
    begun, finished = upload(10), upload(5)
    finished.send(b"01234")

    def wait(**time):
        with app.app_context():
            clock_offset.advance(timedelta(**time))

    wait(hours=23)
    begun.send(b"01234")
    wait(hours=23)
    assert begun.head().status_code == 200  # the last bytes came 23 hours ago
    wait(hours=2)
    assert begun.head().status_code == 410
    assert begun.send(b"5", offset=5).status_code == 410
    assert owner.get(begun.path).json["code"] == "upload_expired"
    assert finished.head().status_code == 200
