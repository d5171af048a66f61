"""A disk that fills up, before and during an upload"""

import pytest

from tests.media import sample_media
from tests.media.sample_media import part
from tests.media.small_disk import SmallDisk
from tests.media.tus_client import create
from tiktok_api.extensions import services_of
from tiktok_api.storage.port import Storage


@pytest.fixture
def disk(app, tmp_path):
    disk = services_of(app)[Storage] = SmallDisk(tmp_path / "media", 1000)
    return disk


def test_an_upload_that_would_not_fit_does_not_begin(owner, disk):
    response = create(owner, 1001)

    assert response.status_code == 507
    assert response.json["code"] == "storage_out_of_space"
    assert owner.get("/media").json["data"] == []


def test_what_fitted_is_kept_and_the_rest_follows_when_there_is_room(owner, disk, upload, run_jobs):
    content = sample_media.video()
    disk.is_honest = False
    begun = upload(len(content))

    refused = begun.send(content)
    kept = begun.offset
    disk.capacity = len(content)
    accepted = begun.send(content[kept:], offset=kept)
    disk.capacity *= 10
    run_jobs()

    assert (refused.status_code, kept) == (507, 1000)
    assert accepted.status_code == 204
    assert owner.get(f"/media/{begun.id}").json["status"] == "ready"
    assert owner.get(f"/media/{begun.id}/content").data == content


def test_a_file_in_one_request_that_does_not_fit_leaves_nothing(owner, disk):
    disk.is_honest = False

    response = owner.post(
        "/media", data=sample_media.multipart(part("file", b"x" * 2000)), content_type=sample_media.MULTIPART
    )

    assert response.status_code == 507
    assert disk.free_bytes() is None
    disk.is_honest = True
    assert disk.free_bytes() == 1000


def test_a_disk_without_room_for_another_file_takes_no_upload(owner, disk):
    disk.is_honest, disk.may_create = False, False

    response = create(owner, 500)

    assert (response.status_code, response.json["code"]) == (507, "storage_out_of_space")
    assert owner.get("/media").json["data"] == []


@pytest.mark.parametrize("size", [500, 2000], ids=["in the end", "before the end"])
def test_what_cannot_be_made_durable_is_not_acknowledged(disk, upload, size):
    disk.is_honest = False
    begun = upload(size)
    disk.may_flush = False

    refused = begun.send(b"x" * size)

    assert (refused.status_code, refused.json["code"]) == (507, "storage_out_of_space")
    assert begun.offset == 0
    disk.may_flush, disk.capacity = True, 10_000
    assert begun.send(b"x" * size).status_code == 204
