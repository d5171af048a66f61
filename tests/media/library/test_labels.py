"""Labels of media: free words to find them by"""

import pytest
from sqlalchemy import text

from tests.conftest import Person
from tests.databases import on_each_database
from tests.media import sample_media
from tiktok_api.db import db


@pytest.fixture
def app(make_app, each_database_url):
    return make_app(database_url=each_database_url)


@pytest.fixture
def labelled(make_media, owner):
    """Makes a photo with these labels; returns its id."""

    def make(labels, person=owner):
        media = make_media(sample_media.photo(width=32, height=32), name=" ".join(labels), person=person)
        answer = person.patch(f"/media/{media['id']}", json={"labels": labels})
        assert answer.status_code == 200, answer.json
        return media["id"]

    return make


def found(person, query):
    return {media["id"] for media in person.get(f"/media?{query}").json["data"]}


@on_each_database
def test_media_are_found_by_any_of_several_labels(owner, labelled):
    spring, both, other = labelled(["spring"]), labelled(["spring", "berlin"]), labelled(["Spring"])

    assert found(owner, "label=spring") == {spring, both}
    assert found(owner, "label=berlin&label=Spring") == {both, other}
    assert found(owner, "label=berlin&status=ready&kind=photo") == {both}
    assert found(owner, "label=sprin") == set()


@on_each_database
def test_labels_are_trimmed_and_unique_and_keep_their_order(owner, make_media):
    media = make_media()
    assert media["labels"] == []

    changed = owner.patch(f"/media/{media['id']}", json={"labels": ["  b ", "a", "b", "B"]})

    assert changed.json["labels"] == ["b", "a", "B"]
    assert owner.get(f"/media/{media['id']}").json["labels"] == ["b", "a", "B"]


@on_each_database
def test_new_labels_replace_the_old_ones(owner, labelled):
    media_id = labelled(["old", "kept"])

    owner.patch(f"/media/{media_id}", json={"labels": ["kept", "new"]})

    assert [found(owner, f"label={label}") for label in ("old", "kept", "new")] == [set(), {media_id}, {media_id}]
    owner.patch(f"/media/{media_id}", json={"labels": []})
    assert found(owner, "label=kept") == set()


@on_each_database
def test_another_name_leaves_the_labels(owner, labelled):
    media_id = labelled(["spring"])

    changed = owner.patch(f"/media/{media_id}", json={"name": "another.png"})

    assert changed.json["labels"] == ["spring"]
    assert found(owner, "label=spring") == {media_id}


@pytest.mark.parametrize("labels", [[""], ["  "], ["x" * 51], ["a\n b"], [1], "a", [f"{n}" for n in range(21)], None])
@on_each_database
def test_what_is_no_label_is_refused(owner, make_media, labels):
    media = make_media()

    response = owner.patch(f"/media/{media['id']}", json={"labels": labels})

    assert response.status_code == 422
    assert owner.get(f"/media/{media['id']}").json["labels"] == []


@on_each_database
def test_labels_of_others_find_nothing(owner, app, labelled):
    stranger = Person(app, "another@example.com")
    labelled(["spring"])

    assert found(stranger, "label=spring") == set()


@on_each_database
def test_deleted_media_leave_no_labels(app, owner, labelled):
    media_id = labelled(["spring"])

    owner.delete(f"/media/{media_id}")

    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM media_labels")) == 0
