"""POST /media"""

import hashlib
import io

import pytest

from tests.conftest import Person
from tests.media import sample_media
from tests.media.sample_media import part
from tests.media.tus_client import Breaking
from tests.storages import on_each_storage

pytestmark = on_each_storage


def send(person, *parts, **options):
    body = {} if "input_stream" in options else {"data": sample_media.multipart(*parts)}
    return person.post("/media", content_type=sample_media.MULTIPART, **(body | options))


def test_one_file_becomes_media_that_is_inspected(owner, run_jobs):
    content = sample_media.video()

    response = send(owner, part("file", content, filename="clips/take.mp4"))
    run_jobs()

    assert response.status_code == 201
    assert (response.json["status"], response.json["name"]) == ("inspecting", "take.mp4")
    assert response.json["sha256"] == hashlib.sha256(content).hexdigest()
    assert owner.get(f"/media/{response.json['id']}").json["status"] == "ready"
    assert owner.get(f"/media/{response.json['id']}/content").data == content


def test_a_file_larger_than_a_piece_arrives_whole(owner, run_jobs):
    content = sample_media.video(pad_to_bytes=5_000_001)

    response = send(owner, part("file", content))

    assert response.json["size_bytes"] == 5_000_001
    assert response.json["sha256"] == hashlib.sha256(content).hexdigest()


def test_sent_twice_with_one_key_it_is_one_media(owner, stored):
    key = {"Idempotency-Key": "upload-1"}

    first = send(owner, part("file", b"content"), headers=key)
    again = send(owner, part("file", b"content"), headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(owner.get("/media").json["data"]) == 1
    assert len(stored()) == 1


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part("other", b"x")],
        [part("file", b"x", filename=None)],
        [part("file", b"x"), part("file", b"y")],
        [part("file", b"x"), part("title", b"y", filename=None)],
        [b"nonsense"],
    ],
)
def test_anything_but_one_file_is_refused_and_nothing_is_kept(owner, stored, parts):
    response = send(owner, *parts)

    assert response.status_code in (400, 422)
    assert response.json["code"] in ("multipart_field_unexpected", "file_interrupted")
    assert owner.get("/media").json["data"] == []
    assert stored() == set()


def test_a_file_without_a_byte_is_taken_and_rejected_by_its_inspection(owner, run_jobs):
    response = send(owner, part("file", b""))
    run_jobs()

    assert (response.status_code, response.json["size_bytes"]) == (201, 0)
    assert owner.get(f"/media/{response.json['id']}").json["status"] == "rejected"


@pytest.mark.parametrize("error", [None, ConnectionResetError])
def test_a_broken_connection_leaves_nothing(owner, stored, error):
    whole = part("file", b"x" * 1000)

    response = send(owner, input_stream=Breaking(whole[:600], len(whole), error))

    assert response.status_code == 400
    assert response.json["code"] == "file_interrupted"
    assert stored() == set()


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "multipart/mixed; boundary=x", ""])
def test_another_content_type_is_refused(owner, content_type):
    response = owner.post("/media", data=b"{}", content_type=content_type)

    assert response.status_code == 415


@pytest.mark.parametrize("size", [1001, 100_000])
def test_more_than_allowed_is_refused(make_app, stored, size):
    app = make_app(media_max_bytes=1000)
    person = Person(app, "owner@example.com")

    response = send(person, part("file", b"x" * size))

    assert response.status_code == 413
    assert response.json["code"] == "upload_too_large"
    assert stored() == set()
    assert send(person, part("file", b"x" * 1000)).status_code == 201


def test_a_token_is_asked_for_before_the_body_is_looked_at(client):
    response = client.post("/api/v1/media", data={"file": (io.BytesIO(b"x"), "a.mp4")})

    assert response.status_code == 401
