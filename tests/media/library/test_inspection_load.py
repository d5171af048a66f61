"""One user's files take the server's time in turn with others', are bounded in number, and wait longer if they exhaust it"""

from datetime import timedelta

import pytest

from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.inspection import costly
from tests.media.tus_client import BYTES, TUS, create
from tests.web.problems import assert_problem
from tiktok_api import clock_offset


def post(person, content):
    body = sample_media.multipart(sample_media.part("file", content, filename="photo.jpg"))
    return person.post("/media", data=body, content_type=sample_media.MULTIPART)


def status_of(person, media):
    return person.get(f"/media/{media['id']}").json["status"]


def test_a_user_has_at_most_200_files_that_are_not_inspected_whichever_way_they_come(owner, make_media, run_jobs):
    ready = make_media(sample_media.photo())
    begun = [create(owner, 10) for _ in range(150)]
    waiting = [post(owner, sample_media.photo(width=100 + number)) for number in range(50)]
    assert {answer.status_code for answer in (*begun, *waiting)} == {201}

    refused = [
        create(owner, 10),
        owner.post("/media/uploads", data=b"x", headers=TUS | BYTES | {"Upload-Length": "1"}),
        post(owner, b"x"),
        owner.post("/media/import", json={"url": "https://example.com/a.mp4"}),
        owner.post(f"/media/{ready['id']}/convert", json={"format": "jpeg"}),
    ]

    for answer in refused:
        assert_problem(answer, 409, "inspections_pending")
    owner.delete(begun[0].headers["Location"].removeprefix("/api/v1"), headers=TUS)
    assert create(owner, 10).status_code == 201


BOMBS = [costly.jpeg(400, 300, 101 + number) for number in range(2)]


@pytest.fixture
def app(make_app, each_database_url):
    return make_app(database_url=each_database_url)


@pytest.fixture
def later(app):
    def wait(seconds):
        with app.app_context():
            clock_offset.advance(timedelta(seconds=seconds))
        run_due_jobs(app)

    return wait


@on_each_database
def test_a_file_that_exhausts_the_inspection_makes_its_owner_wait_longer_each_time(app, owner, stranger, later):
    bomb = post(owner, BOMBS[0]).json
    later(0)
    next_of_owner, of_stranger = post(owner, BOMBS[1]).json, post(stranger, sample_media.photo()).json
    later(0)
    meanwhile = status_of(owner, next_of_owner), status_of(stranger, of_stranger)
    later(61)
    after_a_minute = status_of(owner, next_of_owner)
    last = post(owner, sample_media.photo()).json
    later(61)
    after_another = status_of(owner, last)
    later(60)

    assert status_of(owner, bomb) == "rejected"
    assert meanwhile == ("inspecting", "ready")
    assert (after_a_minute, after_another) == ("rejected", "inspecting")
    assert status_of(owner, last) == "ready"


@on_each_database
def test_a_pause_is_forgiven_after_a_day(owner, later):
    post(owner, BOMBS[0])
    later(0)
    later(25 * 3600)
    post(owner, BOMBS[1])
    later(0)
    photo = post(owner, sample_media.photo()).json

    later(61)

    assert status_of(owner, photo) == "ready"
