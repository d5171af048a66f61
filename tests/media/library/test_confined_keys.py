"""Which media a key sees that is confined to some accounts: those that posts within its reach show, and those that none shows."""

import pytest

from tests.auth.keys import make_key
from tests.conftest import Person
from tests.databases import on_each_database
from tests.media import sample_media
from tests.media.sample_media import part
from tests.media.tus_client import begin
from tests.web.problems import assert_problem


@pytest.fixture
def app(make_app, simulator_urls, each_database_url):
    return make_app(**simulator_urls, database_url=each_database_url)


@pytest.fixture
def inside(owner, connect_account):
    return connect_account(owner, "ada")


@pytest.fixture
def outside(owner, connect_account):
    return connect_account(owner, "grace")


@pytest.fixture
def key(owner, inside):
    return make_key(owner, account_ids=[inside])


def send(person, content, name="a.mp4"):
    body = sample_media.multipart(part("file", content, filename=name))
    response = person.post("/media", data=body, content_type=sample_media.MULTIPART)
    assert response.status_code == 201, response.json
    return response.json["id"]


def show_on(owner, media_id, *account_ids):
    draft = {"media_ids": [media_id], "targets": [{"account_id": each} for each in account_ids]}
    response = owner.post("/posts", json=draft)
    assert response.status_code == 201, response.json
    return response.json["id"]


@on_each_database
def test_what_no_post_shows_is_about_no_account(owner, key):
    media_id = send(owner, b"a" * 100)

    assert key.get(f"/media/{media_id}").status_code == 200
    assert key.patch(f"/media/{media_id}", json={"name": "b.mp4"}).status_code == 200
    assert key.delete(f"/media/{media_id}").status_code == 204


@on_each_database
def test_what_only_a_post_outside_shows_does_not_exist(owner, key, outside):
    media_id = send(owner, b"a" * 100)
    post_id = show_on(owner, media_id, outside)

    for answer in (
        key.get(f"/media/{media_id}"),
        key.patch(f"/media/{media_id}", json={"name": "b.mp4"}),
        key.delete(f"/media/{media_id}"),
        key.get(f"/media/{media_id}/content"),
        key.post(f"/media/{media_id}/convert", json={}),
    ):
        assert_problem(answer, 404, "not_found")
    assert owner.get(f"/posts/{post_id}").json["media_ids"] == [media_id]
    assert owner.get(f"/media/{media_id}").json["name"] == "a.mp4"


@on_each_database
def test_what_a_post_inside_shows_is_seen_and_changed(owner, key, inside):
    media_id = send(owner, b"a" * 100)
    show_on(owner, media_id, inside)

    assert key.get(f"/media/{media_id}").status_code == 200
    assert key.patch(f"/media/{media_id}", json={"name": "b.mp4"}).status_code == 200


@on_each_database
def test_what_posts_on_both_sides_show_is_seen_and_not_changed(owner, key, inside, outside):
    media_id = send(owner, b"a" * 100)
    show_on(owner, media_id, inside)
    show_on(owner, media_id, outside)

    assert key.get(f"/media/{media_id}").status_code == 200
    assert_problem(key.patch(f"/media/{media_id}", json={"name": "b.mp4"}), 403, "key_confined")
    assert_problem(key.delete(f"/media/{media_id}"), 403, "key_confined")
    assert_problem(key.open(f"/media/uploads/{media_id}", method="DELETE", headers={"Tus-Resumable": "1.0.0"}), 403)
    assert owner.patch(f"/media/{media_id}", json={"name": "c.mp4"}).status_code == 200


@on_each_database
@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_an_upload_that_posts_on_both_sides_show_gets_no_bytes_from_the_key(owner, key, inside, outside, method):
    upload = begin(owner, 10)
    show_on(owner, upload.id, inside)
    post_id = show_on(owner, upload.id, outside)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}

    refused = key.open(
        f"/media/uploads/{upload.id}",
        method=method,
        data=b"x" * 10,
        headers=headers,
        content_type="application/offset+octet-stream",
    )

    assert_problem(refused, 403, "key_confined")
    assert owner.get(f"/media/{upload.id}").json["received_bytes"] == 0
    owner.delete(f"/posts/{post_id}")
    assert key.open(f"/media/uploads/{upload.id}", method="HEAD", headers={"Tus-Resumable": "1.0.0"}).status_code == 200


@on_each_database
def test_a_post_with_a_target_on_either_side_is_outside(owner, key, inside, outside):
    media_id = send(owner, b"a" * 100)
    show_on(owner, media_id, inside, outside)

    assert_problem(key.get(f"/media/{media_id}"), 404, "not_found")


@on_each_database
def test_a_disconnected_account_takes_its_media_with_it_out_of_sight(owner, key, outside):
    media_id = send(owner, b"a" * 100)
    show_on(owner, media_id, outside)
    owner.delete(f"/accounts/{outside}")

    assert_problem(key.get(f"/media/{media_id}"), 404, "not_found")


@on_each_database
def test_a_duplicate_of_hidden_media_does_not_name_it(owner, key, outside):
    hidden = send(owner, b"a" * 100)
    show_on(owner, hidden, outside)

    own = send(key, b"a" * 100, name="mine.mp4")

    assert key.get(f"/media/{own}").json["duplicate_of"] is None
    [listed] = key.get("/media").json["data"]
    assert (listed["id"], listed["duplicate_of"]) == (own, None)
    tag = key.get(f"/media/{own}").headers["ETag"]
    renamed = key.patch(f"/media/{own}", json={"name": "new.mp4"}, headers={"If-Match": tag})
    assert (renamed.status_code, renamed.json["duplicate_of"]) == (200, None)
    assert owner.get(f"/media/{own}").json["duplicate_of"] == hidden


@on_each_database
def test_lists_and_filters_know_only_what_is_seen(owner, key, inside, outside):
    hidden, seen, unused = (send(owner, letter * 100) for letter in (b"a", b"b", b"c"))
    show_on(owner, hidden, outside)
    show_on(owner, seen, inside)
    sha256 = owner.get(f"/media/{hidden}").json["sha256"]

    def found(query):
        return {each["id"] for each in key.get(f"/media?{query}").json["data"]}

    assert key.get("/media?include_total=true").json["total"] == 2
    assert found("used=true") == {seen}
    assert found("used=false") == {unused}
    assert found(f"sha256={sha256}") == set()
    assert (key.get("/media/usage").json["files"], key.get("/media/usage").json["used_bytes"]) == (2, 200)


def test_a_refusal_for_the_quota_does_not_tell_how_much_is_hidden(make_app, simulator_urls, connect_account):
    app = make_app(**simulator_urls, media_quota_files_per_user=2)
    person = Person(app, "owner@example.com")
    inside, outside = connect_account(person, "ada"), connect_account(person, "grace")
    for letter in (b"a", b"b"):
        show_on(person, send(person, letter * 100), outside)
    body = {"data": sample_media.multipart(part("file", b"c")), "content_type": sample_media.MULTIPART}

    answer = make_key(person, account_ids=[inside]).post("/media", **body)

    problem = answer.json
    assert (answer.status_code, problem["code"], problem["unit"]) == (413, "media_quota_exceeded", "files")
    assert "used" not in problem
    assert "2" not in problem["detail"]
    assert person.post("/media", **body).json["used"] == 2
