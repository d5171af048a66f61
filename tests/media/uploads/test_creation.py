"""OPTIONS and POST /media/uploads"""

import pytest

from tests.media.tus_client import BYTES, TUS, create, metadata
from tests.storages import on_each_storage

pytestmark = on_each_storage


def test_anyone_may_ask_what_the_protocol_can_do(client):
    response = client.options("/api/v1/media/uploads")

    assert response.status_code == 204
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Max-Size"] == str(500 * 1024 * 1024)
    assert set(response.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "termination",
        "checksum",
        "expiration",
    }
    assert response.headers["Tus-Checksum-Algorithm"] == "sha1,sha256,md5"


def test_an_upload_begins_empty_and_says_where_its_bytes_go(owner):
    response = create(owner, 1000, headers={"Upload-Metadata": metadata(filename="a.mp4", filetype="video/mp4")})

    assert response.status_code == 201
    assert response.headers["Location"].startswith("/api/v1/media/uploads/")
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert response.headers["Upload-Offset"] == "0"
    assert response.headers["Upload-Expires"].endswith(" GMT")
    media = owner.get(response.headers["Location"].removeprefix("/api/v1").replace("/uploads", "")).json
    assert (media["status"], media["name"], media["content_type"]) == ("uploading", "a.mp4", "video/mp4")
    assert (media["size_bytes"], media["received_bytes"], media["kind"]) == (1000, 0, None)


def test_the_first_bytes_may_come_along(owner):
    response = create(owner, 10, headers=BYTES, data=b"12345")

    assert response.status_code == 201
    assert response.headers["Upload-Offset"] == "5"


def test_a_whole_file_may_come_along(owner):
    response = create(owner, 5, headers=BYTES, data=b"12345")

    path = response.headers["Location"].removeprefix("/api/v1")
    assert owner.get(path).json["status"] == "inspecting"


def test_the_length_may_be_said_later(owner):
    response = create(owner, None)

    head = owner.open(response.headers["Location"].removeprefix("/api/v1"), method="HEAD", headers=TUS).headers
    assert response.status_code == 201
    assert head["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in head


def test_an_empty_file_is_complete_at_once_and_rejected_with_a_reason(owner, run_jobs):
    response = create(owner, 0)

    run_jobs()

    media = owner.get(response.headers["Location"].removeprefix("/api/v1").replace("/uploads", "")).json
    assert media["status"] == "rejected"
    assert media["rejection"]["code"] == "file_empty"


def test_an_upload_needs_a_token(client):
    response = client.post("/api/v1/media/uploads", headers=TUS | {"Upload-Length": "nonsense"})

    assert response.status_code == 401
    assert response.headers["Tus-Resumable"] == "1.0.0"


def test_more_than_allowed_is_refused_before_anything_is_sent(owner):
    response = create(owner, 500 * 1024 * 1024 + 1)

    assert response.status_code == 413
    assert response.json["code"] == "upload_too_large"


def test_exactly_as_much_as_allowed_may_begin(owner):
    assert create(owner, 500 * 1024 * 1024).status_code == 201


def test_another_version_of_the_protocol_is_refused_with_ours(owner):
    response = owner.post("/media/uploads", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "1"})

    assert response.status_code == 412
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.json["code"] == "tus_version_unsupported"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "-1"},
        {"Upload-Length": "1e3"},
        {"Upload-Length": "٣"},
        {"Upload-Defer-Length": "2"},
        {"Upload-Length": "1", "Upload-Defer-Length": "1"},
        {"Upload-Length": "1", "Upload-Metadata": "filename not-base64!"},
        {"Upload-Length": "1", "Upload-Metadata": "filename YQ==,filename Yg=="},
        {"Upload-Length": "1", "Upload-Metadata": ",,"},
        {"Upload-Length": "1", "Upload-Metadata": "filename " + "YWFh" * 3000},
    ],
)
def test_a_malformed_header_is_named(owner, headers):
    response = owner.post(
        "/media/uploads", headers={**TUS, **{k: v.encode().decode("latin-1") for k, v in headers.items()}}
    )

    assert response.status_code == 400
    assert response.json["code"] == "malformed_upload_header"
    assert "Upload-" in response.json["detail"]


def test_bytes_of_another_content_type_are_refused(owner):
    response = create(owner, 5, headers={"Content-Type": "video/mp4"}, data=b"12345")

    assert response.status_code == 415


def test_more_bytes_than_announced_are_refused_and_begin_nothing(owner):
    response = create(owner, 4, headers=BYTES, data=b"12345")

    assert response.status_code == 413
    assert owner.get("/media").json["data"] == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\clip.mp4", "clip.mp4"),
        ("na\u0000me\u202e.mp4", "name.mp4"),
        ("   ", "untitled"),
        ("/", "untitled"),
        ("e\u0301te\u0301.mp4", "été.mp4"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_name_is_for_people_and_never_a_path(upload, owner, sent, shown):
    begun = upload(name=sent)

    assert owner.get(f"/media/{begun.id}").json["name"] == shown
