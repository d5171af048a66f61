"""POST /media with an Idempotency-Key: a file is compared by its content, stored once, and nothing is left of a second one."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import Person
from tests.databases import on_each_database
from tests.media import sample_media
from tests.media.sample_media import part
from tests.media.tus_client import Breaking
from tests.servers import wait_until
from tests.web.problems import assert_problem
from tiktok_api.db import db, transaction
from tiktok_api.web.idempotency import IdempotencyKey

KEY = {"Idempotency-Key": "upload-1"}


@pytest.fixture
def app(make_app, each_database_url):
    return make_app(database_url=each_database_url, media_quota_bytes_per_user=1_000_000)


def send(person, content, *, filename="a.mp4", boundary=None):
    body, content_type = sample_media.multipart(part("file", content, filename=filename)), sample_media.MULTIPART
    if boundary is not None:
        own = content_type.partition("boundary=")[2]
        body, content_type = body.replace(own.encode(), boundary.encode()), content_type.replace(own, boundary)
    return person.post("/media", data=body, content_type=content_type, headers=KEY)


@on_each_database
def test_another_file_of_the_same_size_is_another_request(owner, stored):
    first = send(owner, b"a" * 100_000)

    other = send(owner, b"b" * 100_000)

    assert first.status_code == 201
    assert_problem(other, 422, "idempotency_key_reused")
    assert len(stored()) == 1
    assert owner.get("/media/usage").json["used_bytes"] == 100_000


@on_each_database
def test_the_same_file_in_another_envelope_is_the_same_request(owner, stored):
    first = send(owner, b"a" * 100_000)

    again = send(owner, b"a" * 100_000, boundary="another-boundary")

    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(stored()) == 1
    assert owner.get("/media?include_total=true").json["total"] == 1


def test_the_name_of_a_file_is_part_of_the_request(owner):
    send(owner, b"a" * 1000, filename="a.mp4")

    other = send(owner, b"a" * 1000, filename="b.mp4")

    assert_problem(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "multipart_field_unexpected"),
        (part("file", b"x") + part("title", b"y", filename=None), "multipart_field_unexpected"),
        (part("file", b"x" * 900), "file_interrupted"),
    ],
    ids=["no file", "two parts", "half a file"],
)
def test_a_second_body_that_is_no_file_is_refused_as_the_first_would_be(owner, stored, body, code):
    send(owner, b"a" * 1000)

    sent = Breaking(body, len(body) + 100, None) if code == "file_interrupted" else None
    options = {"input_stream": sent} if sent else {"data": sample_media.multipart(body)}
    again = owner.post("/media", content_type=sample_media.MULTIPART, headers=KEY, **options)

    assert again.json["code"] == code
    assert len(stored()) == 1


def test_a_second_file_may_be_no_larger_than_any_other(make_app):
    person = Person(make_app(media_max_bytes=1000), "owner@example.com")
    send(person, b"a" * 1000)

    again = send(person, b"a" * 2000)

    assert_problem(again, 413, "upload_too_large")


@on_each_database
def test_of_many_at_once_one_is_stored(owner, stored):
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: send(owner.elsewhere(), b"a" * 50_000), range(12)))

    acted = [each for each in answers if each.status_code == 201 and "Idempotency-Replayed" not in each.headers]
    assert {each.status_code for each in answers} <= {201, 409}
    assert len(acted) == 1
    assert len(stored()) == 1


@pytest.mark.parametrize("each_database_url", ["database_url"], indirect=True)
def test_a_file_whose_claim_was_lost_meanwhile_is_not_kept(app, owner, stored):
    body = sample_media.multipart(part("file", b"a" * 1000))

    class Overtaken(Breaking):
        """A body that arrives after another request has taken the key over."""

        def read(self, size: int | None = -1) -> bytes:
            with app.app_context(), transaction() as session:
                session.execute(update(IdempotencyKey).values(claim=IdempotencyKey.id))
            return super().read(size)

        read1 = read

    answer = owner.post(
        "/media", content_type=sample_media.MULTIPART, headers=KEY, input_stream=Overtaken(body, len(body), None)
    )

    assert_problem(answer, 409, "idempotency_key_in_use")
    assert stored() == set()
    assert owner.get("/media").json["data"] == []


def test_after_a_crash_in_the_middle_the_same_request_stores_it_once(stage):
    headers = KEY | {"Authorization": f"Bearer {stage.owner.tokens['access_token']}"}
    headers |= {"Content-Type": sample_media.MULTIPART}
    body = sample_media.multipart(part("file", b"killed" * 100_000))
    url = f"{stage.server.url}/api/v1/media"

    def send_again() -> requests.Response:
        return requests.post(url, data=body, headers=headers, timeout=60)

    begun = _send_half(url, body, headers)
    wait_until(lambda: _is_claimed(stage.app), seconds=30)
    meanwhile = send_again()
    stage.server.kill()
    begun.close()
    stage.server.start()
    with stage.app.app_context(), transaction() as session:  # as if the lease of the dead process had run out
        session.execute(update(IdempotencyKey).values(leased_until=IdempotencyKey.created_at))

    first, again = send_again(), send_again()

    assert meanwhile.json()["code"] == "idempotency_key_in_use"
    assert first.status_code == 201, first.text
    assert "Idempotency-Replayed" not in first.headers
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    same = stage.owner.get(f"/media?sha256={first.json()['sha256']}").json["data"]
    assert [each["id"] for each in same] == [first.json()["id"]]


def _is_claimed(app: Flask) -> bool:
    with app.app_context():
        return db.session.scalar(select(IdempotencyKey.id)) is not None


def _send_half(url: str, body: bytes, headers: dict[str, str]) -> socket.socket:
    """A connection on which half of the body has been sent."""
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=60)
    said = headers | {"Host": parts.netloc, "Content-Length": str(len(body))}
    lines = [f"POST {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items()), "", ""]
    connection.sendall("\r\n".join(lines).encode() + body[: len(body) // 2])
    return connection
