"""The same content of one user: stored once, shown as often as it was uploaded, deleted with the last upload"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.conftest import Person
from tests.databases import on_each_database
from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tests.media.tus_client import begin
from tests.storages import keys_in
from tiktok_api import clock_offset
from tiktok_api.extensions import services_of
from tiktok_api.storage.port import Storage

FACTS = ("kind", "content_type", "size_bytes", "sha256", "width", "height", "duration_seconds", "fps", "video_codec")


def upload_again(person, content, *, name="again.mp4"):
    """POST /media, and no worker that would look inside."""
    body = sample_media.multipart(sample_media.part("file", content, filename=name))
    response = person.post("/media", data=body, content_type=sample_media.MULTIPART)
    assert response.status_code == 201, response.data
    return response.json


def stored_in(app):
    return sorted(keys_in(app))


@pytest.fixture
def stored(app):
    return lambda: stored_in(app)


def test_a_duplicate_is_ready_at_once_and_shares_everything_but_its_name(owner, make_media, run_jobs, stored):
    content = sample_media.video()
    first = make_media(content, name="first.mp4")
    before = stored()

    second = upload_again(owner, content, name="second.mp4")
    run_jobs()

    assert (second["status"], second["duplicate_of"], first["duplicate_of"]) == ("ready", first["id"], None)
    assert (second["name"], second["id"] != first["id"]) == ("second.mp4", True)
    assert [second[fact] for fact in FACTS] == [first[fact] for fact in FACTS]
    assert owner.get(f"/media/{second['id']}/content").data == content
    assert owner.get(f"/media/{second['id']}/thumbnail").data == owner.get(f"/media/{first['id']}/thumbnail").data
    assert stored() == before


@pytest.mark.parametrize("cuts", [[], [1000]], ids=["in one go", "in two"])
def test_a_duplicate_by_tus_is_found_at_its_end(owner, make_media, run_jobs, upload, stored, cuts):
    content = sample_media.photo()
    first, before = make_media(content), stored()
    begun = upload(len(content))

    for offset, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        begun.send(content[offset:end], offset=offset)
    at_once = owner.get(f"/media/{begun.id}").json
    run_jobs()

    second = owner.get(f"/media/{begun.id}").json
    assert at_once["status"] == "ready"
    assert (second["status"], second["duplicate_of"]) == ("ready", first["id"])
    assert begun.offset == len(content)
    assert stored() == before


def test_two_that_arrive_before_any_was_inspected_end_as_one(owner, run_jobs, stored):
    content = sample_media.photo()
    first, second = upload_again(owner, content), upload_again(owner, content)

    run_jobs()

    assert [owner.get(f"/media/{media['id']}").json["status"] for media in (first, second)] == ["ready", "ready"]
    assert (first["duplicate_of"], second["duplicate_of"]) == (None, first["id"])
    assert len(stored()) == 2  # the photo and its thumbnail


def test_a_duplicate_of_a_strangers_file_is_no_duplicate(owner, stranger, make_media, run_jobs, stored):
    content = sample_media.photo()
    make_media(content)
    before = stored()

    theirs = upload_again(stranger, content)
    run_jobs()

    assert (theirs["status"], theirs["duplicate_of"]) == ("inspecting", None)
    assert len(stored()) == 2 * len(before)
    sha256 = hashlib.sha256(content).hexdigest()
    assert [m["id"] for m in stranger.get(f"/media?sha256={sha256}").json["data"]] == [theirs["id"]]


def test_a_client_can_ask_by_hash_before_it_uploads(owner, make_media):
    media = make_media(sample_media.photo())
    sha256 = hashlib.sha256(sample_media.photo()).hexdigest()

    assert [m["id"] for m in owner.get(f"/media?sha256={sha256.upper()}").json["data"]] == [media["id"]]
    assert owner.get(f"/media?sha256={'0' * 64}").json["data"] == []
    assert owner.get("/media?sha256=short").status_code == 422


def test_deleting_one_leaves_the_others_and_the_oldest_takes_its_place(owner, make_media, run_jobs, stored):
    content = sample_media.photo()
    first, before = make_media(content), stored()
    second, third = upload_again(owner, content), upload_again(owner, content)

    owner.delete(f"/media/{first['id']}")
    run_jobs()

    shown = [owner.get(f"/media/{media['id']}").json["duplicate_of"] for media in (second, third)]
    assert shown == [None, second["id"]]
    assert owner.get(f"/media/{third['id']}/content").data == content
    assert owner.get(f"/media/{third['id']}/thumbnail").status_code == 200
    assert stored() == before

    for media in (third, second):
        owner.delete(f"/media/{media['id']}")
    run_jobs()
    assert stored() == []


def test_what_is_rejected_is_rejected_again_the_same_way(owner, make_media, run_jobs, stored):
    first, before = make_media(b"PK\x03\x04 and so on"), stored()

    second = make_media(b"PK\x03\x04 and so on")

    assert (second["status"], second["rejection"]) == ("rejected", first["rejection"])
    assert second["duplicate_of"] == first["id"]
    assert stored() == before


def test_what_arrives_in_pieces_is_rejected_again_from_the_bytes_that_are_kept(
    owner, make_media, run_jobs, upload, stored
):
    content = b"PK\x03\x04 and so on"
    first, before = make_media(content), stored()
    begun = upload(len(content))

    begun.send(content[:5])
    begun.send(content[5:], offset=5)
    run_jobs()

    second = owner.get(f"/media/{begun.id}").json
    assert (second["status"], second["rejection"]) == ("rejected", first["rejection"])
    assert second["duplicate_of"] == first["id"]
    assert stored() == before


def test_rejected_bytes_stay_as_long_as_a_younger_duplicate_may_need_them(owner, make_media, sweep, stored):
    make_media(b"nonsense")

    sweep(hours=20)
    second = make_media(b"nonsense")
    sweep(hours=5)
    kept = stored()
    sweep(hours=20)

    assert len(kept) == 1
    assert stored() == []
    assert owner.get(f"/media/{second['id']}").json["rejection"]["code"] == "format_unsupported"


def test_a_post_keeps_the_duplicate_that_it_shows(owner, make_media, run_jobs, connect_account):
    content = sample_media.video()
    first = make_media(content)
    second = upload_again(owner, content)
    account = connect_account(owner, "ada")
    post = {"caption": "x", "privacy_level": "SELF_ONLY", "consent": True, "publish_at": "2035-03-02T12:00:00Z"}
    targets = {"type": "video", "mode": "direct", "media_ids": [second["id"]], "targets": [{"account_id": account}]}
    assert owner.post("/posts", json=post | targets).status_code == 201

    deleted = [owner.delete(f"/media/{media['id']}").status_code for media in (second, first)]
    run_jobs()

    assert deleted == [409, 204]
    assert owner.get(f"/media/{second['id']}/content").data == content


def test_content_that_was_lost_comes_back_with_the_next_upload_of_it(owner, make_media, run_jobs, tmp_path):
    content = sample_media.photo()
    first = make_media(content)
    for file in (tmp_path / "media").glob("*/*/*"):
        if file.stat().st_size == len(content):
            file.unlink()
    assert owner.get(f"/media/{first['id']}/content").status_code == 404

    second = upload_again(owner, content)
    run_jobs()

    assert owner.get(f"/media/{first['id']}/content").data == content
    assert owner.get(f"/media/{second['id']}/content").data == content


def test_bytes_go_even_if_storage_refuses_at_first(app, owner, make_media, run_jobs, stored, monkeypatch):
    media = make_media(sample_media.photo())
    storage = services_of(app)[Storage]
    delete, refusals = storage.delete, iter([OSError("not now"), OSError("not now")])

    def refuse_at_first(key):
        if (refusal := next(refusals, None)) is not None:
            raise refusal
        delete(key)

    monkeypatch.setattr(storage, "delete", refuse_at_first)

    assert owner.delete(f"/media/{media['id']}").status_code == 204
    run_jobs()
    assert len(stored()) == 2
    for _ in range(2):
        with app.app_context():
            clock_offset.advance(timedelta(minutes=1))
        run_jobs()
    assert stored() == []


def test_a_user_who_leaves_takes_only_their_own_bytes_along(owner, stranger, make_media, run_jobs, stored):
    content = sample_media.photo()
    make_media(content, person=stranger)
    theirs = stored()
    make_media(content)
    upload_again(owner, content)

    response = owner.delete("/auth/me")
    run_jobs()

    assert response.status_code == 204
    assert stored() == theirs


@on_each_database
def test_uploading_and_deleting_the_same_at_once_neither_loses_nor_leaves_bytes(make_app, each_database_url):
    app = make_app(database_url=each_database_url)
    owner = Person(app, "owner@example.com")
    content = sample_media.photo()

    def upload_by_tus(_):
        begun = begin(owner.elsewhere(), len(content))
        assert begun.send(content).status_code == 204

    def upload(_):
        upload_again(owner.elsewhere(), content)

    def delete(media_id):
        assert owner.elsewhere().delete(f"/media/{media_id}").status_code in (204, 404)

    def work(_):
        run_due_jobs(app)

    here = []
    for _ in range(6):
        acts = [(delete, media_id) for media_id in here for _ in range(2)]
        acts += [(upload, None), (work, None), (upload_by_tus, None), (work, None)]
        with ThreadPoolExecutor(len(acts)) as pool:
            for done in [pool.submit(act, argument) for act, argument in acts]:
                done.result()
        run_due_jobs(app)
        shown = owner.get("/media").json["data"]
        here = [media["id"] for media in shown]
        assert [media["status"] for media in shown] == ["ready"] * 2
        assert [media["duplicate_of"] for media in shown].count(None) == 1
        for media in shown:
            assert owner.get(f"/media/{media['id']}/content").data == content
            assert owner.get(f"/media/{media['id']}/thumbnail").status_code == 200
        assert len(stored_in(app)) == 2

    for media_id in here:
        delete(media_id)
    run_due_jobs(app)
    assert stored_in(app) == []
