"""PATCH /media/uploads/{id}"""

import hashlib

import pytest

from tests.media import sample_media
from tests.media.tus_client import BYTES, TUS, Breaking
from tests.storages import on_each_storage

pytestmark = on_each_storage


def test_bytes_are_acknowledged_and_the_next_follow_them(upload):
    begun = upload(10)

    first = begun.send(b"01234")
    second = begun.send(b"56789", offset=5)

    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "5")
    assert (second.status_code, second.headers["Upload-Offset"]) == (204, "10")
    assert "Upload-Expires" in first.headers
    assert "Upload-Expires" not in second.headers


def test_after_the_last_byte_it_is_inspected_and_ready(upload, owner, run_jobs):
    content = sample_media.video()
    begun = upload(len(content))

    begun.send(content)
    run_jobs()

    media = owner.get(f"/media/{begun.id}").json
    assert media["status"] == "ready"
    assert media["sha256"] == hashlib.sha256(content).hexdigest()
    assert owner.get(f"/media/{begun.id}/content").data == content


def test_sent_in_pieces_it_is_the_same_file(upload, owner, run_jobs):
    content = sample_media.video()
    begun = upload(len(content))

    for offset in range(0, len(content), 5000):
        begun.send(content[offset : offset + 5000], offset=offset)
    run_jobs()

    media = owner.get(f"/media/{begun.id}").json
    assert (media["status"], media["sha256"]) == ("ready", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("offset", [0, 4, 6, 10, 11])
def test_another_offset_than_where_it_stands_is_refused_and_told(upload, offset):
    begun = upload(10)
    begun.send(b"01234")

    response = begun.send(b"x", offset=offset)

    assert response.status_code == 409
    assert response.json["code"] == "upload_offset_mismatch"
    assert response.headers["Upload-Offset"] == "5"
    assert begun.offset == 5


def test_more_than_announced_is_refused_and_none_of_it_kept(upload):
    begun = upload(10)

    response = begun.send(b"0123456789x")

    assert response.status_code == 413
    assert begun.offset == 0


def test_nothing_more_is_taken_once_it_is_complete(upload):
    begun = upload(5)
    begun.send(b"01234")

    assert begun.send(b"", offset=5).status_code == 204
    assert begun.send(b"x", offset=5).status_code == 413


def test_an_empty_append_changes_nothing(upload):
    begun = upload(10)

    assert begun.send(b"").status_code == 204
    assert begun.offset == 0


def test_another_content_type_is_refused(upload):
    response = upload().send(b"x", headers={"Content-Type": "application/octet-stream"})

    assert response.status_code == 415
    assert response.json["code"] == "upload_content_type_unsupported"


@pytest.mark.parametrize("value", ["", "-1", "one", "0x0"])
def test_an_offset_that_is_no_number_is_refused(upload, value):
    response = upload().send(b"x", headers={"Upload-Offset": value})

    assert response.status_code == 400
    assert response.json["code"] == "malformed_upload_header"


def test_the_offset_cannot_be_left_out(upload, owner):
    response = owner.patch(upload().path, headers=TUS | BYTES, data=b"x")

    assert response.status_code == 400


def test_another_version_of_the_protocol_is_refused(upload, owner):
    response = owner.patch(upload().path, headers=BYTES | {"Upload-Offset": "0"}, data=b"x")

    assert response.status_code == 412
    assert response.headers["Tus-Version"] == "1.0.0"


def test_a_stranger_finds_nothing_there(upload, stranger):
    begun = upload()
    begun.person = stranger

    response = begun.send(b"x")

    assert response.status_code == 404
    assert response.json["code"] == "not_found"


@pytest.mark.parametrize("missing", ["01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e", "not-an-id"])
def test_an_id_that_names_nothing_is_not_found(upload, missing):
    begun = upload()
    begun.path = f"/media/uploads/{missing}"

    assert begun.send(b"x").status_code == 404


def test_a_token_is_asked_for_before_anything_else(upload, client):
    response = client.patch(f"/api/v1{upload().path}", data=b"x")

    assert response.status_code == 401


def test_a_length_said_late_is_taken_once(upload):
    begun = upload(None)
    begun.send(b"01234")

    begun.send(b"5", offset=5, headers={"Upload-Length": "10"})
    again = begun.send(b"6", offset=6, headers={"Upload-Length": "11"})

    assert begun.head().headers["Upload-Length"] == "10"
    assert again.status_code == 400
    assert begun.offset == 6


def test_a_late_length_that_is_reached_completes_the_upload(upload, owner):
    begun = upload(None)
    begun.send(b"01234")

    begun.send(b"", offset=5, headers={"Upload-Length": "5"})

    assert owner.get(begun.path).json["status"] == "inspecting"


@pytest.mark.parametrize(("length", "status"), [("4", 400), (str(500 * 1024 * 1024 + 1), 413)])
def test_a_late_length_that_cannot_be_is_refused(upload, length, status):
    begun = upload(None)
    begun.send(b"01234")

    assert begun.send(b"", offset=5, headers={"Upload-Length": length}).status_code == status


def test_an_upload_of_unknown_length_ends_at_the_limit(make_app, base_settings):
    from tests.conftest import Person
    from tests.media.tus_client import begin

    person = Person(make_app(media_max_bytes=1000), "owner@example.com")
    begun = begin(person, None)

    assert begun.send(b"x" * 1001).status_code == 413
    assert begun.send(b"x" * 1000).status_code == 204


def test_where_only_post_gets_through_the_header_names_the_method(upload, owner):
    begun = upload(10)
    headers = TUS | BYTES | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}

    sent = owner.post(begun.path, headers=headers, data=b"01234")
    offset = begun.offset
    gone = owner.post(begun.path, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})

    assert (sent.status_code, offset) == (204, 5)
    assert gone.status_code == 204
    assert begun.head().status_code == 404


def test_a_post_that_means_nothing_else_is_not_allowed(upload, owner):
    response = owner.post(upload().path, headers=TUS)

    assert response.status_code == 405
    assert "PATCH" in response.headers["Allow"]


@pytest.mark.parametrize("error", [None, ConnectionResetError, TimeoutError])
def test_what_arrived_before_the_connection_broke_is_kept(upload, error):
    begun = upload(1000)

    response = begun.send(input_stream=Breaking(b"x" * 600, 1000, error))

    assert response.status_code == 409
    assert response.json["code"] == "upload_interrupted"
    assert response.headers["Upload-Offset"] == "600"
    assert begun.offset == 600


def test_a_resumed_upload_gives_the_same_file(upload, owner, run_jobs):
    content = sample_media.video()
    begun = upload(len(content))
    begun.send(input_stream=Breaking(content[:20_000], len(content), ConnectionResetError))

    begun.send(content[begun.offset :], offset=begun.offset)
    run_jobs()

    assert owner.get(f"/media/{begun.id}").json["sha256"] == hashlib.sha256(content).hexdigest()
    assert owner.get(f"/media/{begun.id}/content").data == content
