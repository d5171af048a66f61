"""`q` finds a part of a name, with an index of its words and without."""

from uuid import UUID

import pytest

from tests.databases import on_each_database
from tiktok_api.db import transaction
from tiktok_api.media.models import Media, MediaKind, MediaStatus

NAMES = ["Launch Day.mp4", "100%.png", "a_b.mp4", "Köln.jpg", "🎉🎬🚀.mp4"]
FOUND = {
    "launch d": ["Launch Day.mp4"],
    "0%.": ["100%.png"],
    "%": ["100%.png"],
    "_b.": ["a_b.mp4"],
    "Köln": ["Köln.jpg"],
    "🎬🚀.": ["🎉🎬🚀.mp4"],
    ".mp4": ["🎉🎬🚀.mp4", "a_b.mp4", "Launch Day.mp4"],
    "zzz": [],
}


@pytest.fixture
def app(make_app, each_database_url):
    return make_app(database_url=each_database_url)


@pytest.fixture
def library(app, owner, stranger):
    """The same names in the libraries of two users."""
    with app.app_context(), transaction() as session:
        for person in (owner, stranger):
            for name in NAMES:
                facts = {"kind": MediaKind.VIDEO, "status": MediaStatus.READY, "size_bytes": 1, "received_bytes": 1}
                session.add(Media(owner_id=UUID(person.user_id), name=name, **facts))
                session.flush()


def find(person, q):
    page = person.get("/media", query_string={"q": q, "include_total": "true"}).json
    found = [media["name"] for media in page["data"]]
    assert page["total"] == len(found)
    return found


@on_each_database
def test_every_part_of_a_name_finds_it_and_nothing_else_does(owner, library):
    assert {q: find(owner, q) for q in FOUND} == FOUND


@on_each_database
def test_media_is_found_by_its_name_of_now_and_not_after_it_is_deleted(app, owner, library):
    [media] = owner.get("/media?q=launch").json["data"]
    owner.patch(f"/media/{media['id']}", json={"name": "Seaside.mp4"}, headers={"If-Match": "*"})
    renamed = find(owner, "launch"), find(owner, "seasi")

    with app.app_context(), transaction() as session:
        session.delete(session.get_one(Media, UUID(media["id"])))

    assert renamed == ([], ["Seaside.mp4"])
    assert find(owner, "seasi") == []


def test_an_index_of_names_is_what_sqlite_begins_with(app, owner, library):
    with app.app_context(), transaction() as session:
        session.connection().exec_driver_sql("INSERT INTO media_search (media_search) VALUES ('delete-all')")

    assert (find(owner, "launch"), find(owner, "la")) == ([], ["Launch Day.mp4"])
