"""What tus 1.0.0 says a server must do, wherever it is not the subject of another file"""

import socket

import pytest
import requests

from tests.media.raw_tus import RawUpload
from tests.media.tus_client import BYTES, TUS, create, metadata
from tests.web.problems import assert_problem


def test_what_it_can_do_is_told_to_clients_of_any_version(client):
    response = client.options("/api/v1/media/uploads", headers={"Tus-Resumable": "0.2.2"})

    assert response.status_code == 204
    assert response.headers["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "", {"Upload-Length": "10"}, 201),
        ("POST", "", {}, 400),
        ("POST", "", {"Upload-Length": "9999999999"}, 413),
        ("POST", "", {"Upload-Length": "10", "Tus-Resumable": "2.0.0"}, 412),
        ("POST", "/{id}", {}, 405),
        ("HEAD", "/{id}", {}, 200),
        ("HEAD", "/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e", {}, 404),
        ("HEAD", "/nonsense", {}, 404),
        ("GET", "/{id}", {}, 200),
        ("PATCH", "/{id}", BYTES | {"Upload-Offset": "0"}, 204),
        ("PATCH", "/{id}", BYTES | {"Upload-Offset": "5"}, 409),
        ("PATCH", "/{id}", {"Upload-Offset": "0"}, 415),
        ("DELETE", "/{id}", {}, 204),
        ("DELETE", "/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e", {}, 404),
    ],
)
def test_every_answer_names_the_version_and_is_not_stored(owner, upload, method, path, headers, status):
    path = f"/media/uploads{path.format(id=upload(10).id)}"

    response = owner.open(path, method=method, headers=TUS | headers)

    assert response.status_code == status
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert "no-store" in response.headers["Cache-Control"]


def test_an_upload_that_is_not_there_has_no_offset(owner):
    response = owner.open("/media/uploads/01932f0a-7c1e-7d3c-9d8e-1f2a3b4c5d6e", method="HEAD", headers=TUS)

    assert response.status_code == 404
    assert "Upload-Offset" not in response.headers


def test_a_version_that_is_not_spoken_changes_nothing(upload, owner):
    begun = upload(5)

    refused = [
        owner.patch(begun.path, headers=BYTES | {"Upload-Offset": "0", "Tus-Resumable": "2.0"}, data=b"01234"),
        owner.delete(begun.path, headers={"Tus-Resumable": "2.0"}),
    ]

    assert [response.status_code for response in refused] == [412, 412]
    assert {response.headers["Tus-Version"] for response in refused} == {"1.0.0"}
    assert begun.offset == 0


def test_a_finished_upload_says_so_for_as_long_as_the_media_exist(upload, run_jobs):
    begun = upload(5)
    begun.send(b"01234")
    run_jobs()

    head = begun.head()

    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("5", "5")
    assert "Upload-Expires" not in head.headers
    begun.terminate()
    assert begun.head().status_code == 404


@pytest.mark.parametrize("is_finished", [False, True])
def test_after_termination_nothing_works_any_more(upload, owner, is_finished):
    begun = upload(10)
    begun.send(b"0123456789" if is_finished else b"01234")
    begun.terminate()

    answers = [begun.head(), begun.send(b"5", offset=5), begun.terminate(), owner.get(begun.path)]

    assert [answer.status_code for answer in answers] == [404] * 4


@pytest.mark.parametrize("said", ["filename", "filename ", "is_confidential,filename", "a YQ==, filename"])
def test_a_value_may_be_empty_and_is_given_back_as_it_came(owner, said):
    response = create(owner, 10, headers={"Upload-Metadata": said})

    path = response.headers["Location"].removeprefix("/api/v1")
    assert response.status_code == 201
    assert owner.open(path, method="HEAD", headers=TUS).headers["Upload-Metadata"].strip() == said.strip()
    assert owner.get(path.replace("/uploads", "")).json["name"] == "untitled"


def test_a_name_in_any_script_arrives(owner):
    response = create(owner, 10, headers={"Upload-Metadata": metadata(filename="запуск 発売 🚀.mp4")})

    media = owner.get(response.headers["Location"].removeprefix("/api/v1").replace("/uploads", "")).json
    assert media["name"] == "запуск 発売 🚀.mp4"


def test_parts_to_be_put_together_later_are_refused(owner):
    parts = create(owner, 10, headers={"Upload-Concat": "partial"})
    whole = owner.post("/media/uploads", headers=TUS | {"Upload-Concat": "final;/a /b"})

    assert [parts.status_code, whole.status_code] == [400, 400]
    assert "Upload-Concat" in parts.json["detail"]
    assert owner.get("/media").json["data"] == []


def test_any_method_can_be_meant_by_a_post(upload, owner):
    begun = upload(10)
    begun.send(b"01234")

    head = owner.post(begun.path, headers=TUS | {"X-HTTP-Method-Override": "HEAD"})

    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "5")


@pytest.mark.xdist_group("media server")
def test_a_body_may_come_in_chunks_of_unknown_number(stage):
    upload = RawUpload(stage.server, stage.owner.tokens["access_token"], 300_000)

    response = upload.send(iter([b"x" * 100_000, b"y" * 150_000]), offset=0)
    beyond = upload.send(iter([b"z" * 50_001]), offset=250_000)

    assert (response.status_code, response.headers["Upload-Offset"]) == (204, "250000")
    assert beyond.status_code == 413
    assert upload.offset == 250_000
    requests.delete(upload.url, headers=upload.headers, timeout=30)


@pytest.mark.xdist_group("media server")
def test_who_asks_before_sending_is_told_to_go_on(stage):
    upload = RawUpload(stage.server, stage.owner.tokens["access_token"], 10)
    upload.headers |= {"Expect": "100-continue"}

    with upload.open_patch(offset=0, length=5) as connection:
        told = connection.recv(1000)
        connection.sendall(b"01234")
        answer = told.partition(b"\r\n\r\n")[2] or connection.recv(1000)

    assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204")


@pytest.mark.xdist_group("media server")
@pytest.mark.parametrize("length", ["-1", "five", "1,2"])
def test_a_length_that_is_none_is_refused_by_the_server(stage, length):
    upload = RawUpload(stage.server, stage.owner.tokens["access_token"], 10)

    with upload.open_patch(offset=0, length=length) as connection:
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(1000)

    assert answer.startswith(b"HTTP/1.1 400")
    assert upload.offset == 0


NUMBERS = {
    "19 digits": "9" * 19,
    "20 digits": "1" + "0" * 19,
    "more than any integer": "9" * 5000,
    "more than a PostgreSQL integer": str(2**63),
}
NO_NUMBERS = {
    "negative": "-1",
    "signed": "+1",
    "spaced": "1 0",
    "empty": "",
    "grouped": "1_000",
    "fraction": "1.0",
    "hexadecimal": "0x10",
    "superscript": "\u00b2",
    "twice": "5, 5",
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_length_beyond_all_files_is_too_large(owner, upload, number):
    begun = upload(5)
    deferred = owner.post("/media/uploads", headers=TUS | {"Upload-Defer-Length": "1"}).headers["Location"]
    path = deferred.removeprefix("/api/v1")

    created = owner.post("/media/uploads", headers=TUS | {"Upload-Length": number})
    told_later = owner.patch(path, headers=TUS | BYTES | {"Upload-Offset": "0", "Upload-Length": number}, data=b"01")
    appended = owner.patch(begun.path, headers=TUS | BYTES | {"Upload-Offset": number}, data=b"01234")

    assert_problem(created, 413, "upload_too_large")
    assert_problem(told_later, 413, "upload_too_large")
    assert_problem(appended, 400, "malformed_upload_header")


@pytest.mark.parametrize("number", NO_NUMBERS.values(), ids=NO_NUMBERS.keys())
def test_what_is_no_number_is_malformed(owner, upload, number):
    begun = upload(5)

    created = owner.post("/media/uploads", headers=TUS | {"Upload-Length": number})
    appended = owner.patch(begun.path, headers=TUS | BYTES | {"Upload-Offset": number}, data=b"01234")

    assert_problem(created, 400, "malformed_upload_header")
    assert_problem(appended, 400, "malformed_upload_header")


def test_leading_zeros_do_not_make_a_length_larger(owner):
    created = owner.post("/media/uploads", headers=TUS | {"Upload-Length": "0" * 30 + "5"})

    assert created.status_code == 201
