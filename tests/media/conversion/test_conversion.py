"""POST /media/{id}/convert"""

import hashlib
import io

import pytest
from PIL import Image

from tests.due_jobs import run_due_jobs
from tests.media import sample_media
from tiktok_api.extensions import services_of
from tiktok_api.storage.port import Storage


@pytest.fixture
def picture_of(owner):
    """The picture behind media, decoded."""

    def act(media):
        assert media["status"] == "ready", media["rejection"]
        content = owner.get(f"/media/{media['id']}/content").data
        assert hashlib.sha256(content).hexdigest() == media["sha256"]
        picture = Image.open(io.BytesIO(content))
        picture.load()
        return picture

    return act


def test_a_phones_photo_becomes_one_that_tiktok_takes(owner, make_media, run_jobs):
    source = make_media(sample_media.photo("HEIF", width=3024, height=4032), name="holiday.heic")

    response = owner.post(f"/media/{source['id']}/convert", json={})

    promised = response.json
    assert response.status_code == 202
    assert (promised["status"], promised["kind"], promised["name"]) == ("inspecting", "photo", "holiday.jpg")
    assert (promised["source_id"], promised["content_type"]) == (source["id"], "image/jpeg")
    assert promised["id"] != source["id"]
    run_jobs()
    made = owner.get(f"/media/{promised['id']}").json
    assert (made["status"], made["container"], made["source_id"]) == ("ready", "jpeg", source["id"])
    assert (made["width"], made["height"], made["orientation"]) == (1080, 1440, 1)
    content = owner.get(f"/media/{made['id']}/content").data
    assert (len(content), hashlib.sha256(content).hexdigest()) == (made["size_bytes"], made["sha256"])
    assert made["received_bytes"] == made["size_bytes"]
    assert owner.get(f"/media/{made['id']}/thumbnail").status_code == 200
    assert owner.get(f"/media/{source['id']}/checks").json["is_postable"] is False
    assert owner.get(f"/media/{made['id']}/checks").json["is_postable"] is True


def test_the_source_stays_as_it_is(owner, make_media, convert):
    source = make_media(sample_media.photo("PNG"))

    convert(source)

    assert owner.get(f"/media/{source['id']}").json == source
    assert source["source_id"] is None


@pytest.mark.parametrize(("wish", "kind", "name"), [("jpeg", "JPEG", "a.jpg"), ("webp", "WEBP", "a.webp")])
@pytest.mark.parametrize("given", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_every_kind_becomes_what_was_asked_for_also_one_within_the_limits(
    make_media, convert, picture_of, given, wish, kind, name
):
    made = convert(make_media(sample_media.photo(given, width=300, height=400), name=f"a.{given}"), format=wish)

    assert picture_of(made).format == kind
    assert made["name"] == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Strand.HEIC", "Strand.jpg"),
        ("a.b.png", "a.b.jpg"),
        ("v1.2 final", "v1.2 final.jpg"),
        ("日本.webp", "日本.jpg"),
        ("x" * 255, "x" * 251 + ".jpg"),
        (".png", ".png.jpg"),
    ],
)
def test_the_name_says_what_it_is_now(make_media, convert, name, expected):
    assert convert(make_media(sample_media.photo("PNG", width=64, height=64), name=name))["name"] == expected


@pytest.mark.parametrize("body", [{"format": "png"}, {"format": "heic"}, {"format": 1}, {"quality": 3}, []])
def test_what_cannot_be_wished_for_is_refused(owner, make_media, body):
    media = make_media(sample_media.photo())

    response = owner.post(f"/media/{media['id']}/convert", json=body)

    assert response.status_code == 422
    assert len(owner.get("/media").json["data"]) == 1


@pytest.mark.parametrize("wish", [{"trim_start_seconds": 0}, {"trim_end_seconds": 1}, {"max_duration_seconds": 9}])
def test_a_photo_has_no_part_to_be_chosen(owner, make_media, wish):
    media = make_media(sample_media.photo())

    response = owner.post(f"/media/{media['id']}/convert", json=wish)

    assert (response.status_code, response.json["code"]) == (422, "conversion_unfit")
    assert [fault["code"] for fault in response.json["errors"]] == ["not_for_photos"]


@pytest.mark.parametrize("content", [b"PK\3\4", None])
def test_only_what_is_ready_is_converted(owner, make_media, upload, content):
    media_id = make_media(content)["id"] if content else upload().id

    response = owner.post(f"/media/{media_id}/convert", json={})

    assert (response.status_code, response.json["code"]) == (409, "media_not_ready")


def test_a_strangers_photo_does_not_exist(owner, stranger, make_media):
    media = make_media(sample_media.photo())

    response = stranger.post(f"/media/{media['id']}/convert", json={})

    assert (response.status_code, response.json["code"]) == (404, "not_found")
    assert stranger.get("/media").json["data"] == []
    assert len(owner.get("/media").json["data"]) == 1


def test_asking_again_with_the_same_key_makes_one(owner, make_media, run_jobs):
    media = make_media(sample_media.photo("PNG"))
    headers = {"Idempotency-Key": "holiday-1"}

    first = owner.post(f"/media/{media['id']}/convert", json={}, headers=headers)
    again = owner.post(f"/media/{media['id']}/convert", json={}, headers=headers)

    run_jobs()
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(owner.get("/media").json["data"]) == 2


def test_asking_twice_makes_two_that_share_their_bytes(owner, make_media, run_jobs, stored):
    media = make_media(sample_media.photo("PNG"))
    before = stored()

    made = [owner.post(f"/media/{media['id']}/convert", json={}).json["id"] for _ in range(2)]

    run_jobs()
    first, second = (owner.get(f"/media/{media_id}").json for media_id in made)
    assert (first["status"], second["status"]) == ("ready", "ready")
    assert (first["source_id"], second["source_id"]) == (media["id"], media["id"])
    assert (first["sha256"], first["duplicate_of"]) == (second["sha256"], None)
    assert second["duplicate_of"] == first["id"]
    assert len(stored() - before) == 2  # it and its thumbnail
    owner.delete(f"/media/{first['id']}")
    run_jobs()
    assert owner.get(f"/media/{second['id']}/content").status_code == 200


def test_a_converted_photo_can_be_converted(make_media, convert):
    first = convert(make_media(sample_media.photo("PNG")))

    second = convert(first, format="webp")

    assert (second["status"], second["source_id"], second["container"]) == ("ready", first["id"], "webp")


def test_the_new_photo_outlives_its_source(owner, make_media, convert, picture_of):
    source = make_media(sample_media.photo("PNG"))
    made = convert(source)

    assert owner.delete(f"/media/{source['id']}").status_code == 204

    left = owner.get(f"/media/{made['id']}").json
    assert left["source_id"] is None
    assert picture_of(left).format == "JPEG"


def test_the_source_outlives_the_new_photo(owner, make_media, convert, run_jobs, stored):
    source = make_media(sample_media.photo("PNG"))
    before = stored()
    made = convert(source)

    assert owner.delete(f"/media/{made['id']}").status_code == 204

    run_jobs()
    assert owner.get(f"/media/{source['id']}/content").status_code == 200
    assert stored() == before


def test_a_source_that_is_deleted_too_early_is_the_reason(owner, make_media, run_jobs):
    source = make_media(sample_media.photo("PNG"))
    made = owner.post(f"/media/{source['id']}/convert", json={}).json
    owner.delete(f"/media/{source['id']}")

    run_jobs()

    left = owner.get(f"/media/{made['id']}").json
    assert (left["status"], left["source_id"]) == ("rejected", None)
    assert left["rejection"]["code"] == "source_deleted"


def test_a_source_that_lost_its_bytes_is_the_reason(owner, app, make_media, convert, stored):
    source = make_media(sample_media.photo("PNG"))
    for key in stored():
        services_of(app)[Storage].delete(key)

    made = convert(source)

    assert (made["status"], made["rejection"]["code"]) == ("rejected", "source_deleted")


def test_what_is_no_longer_wanted_leaves_nothing_behind(owner, make_media, run_jobs, stored):
    source = make_media(sample_media.photo("PNG"))
    before = stored()
    made = owner.post(f"/media/{source['id']}/convert", json={}).json

    assert owner.delete(f"/media/{made['id']}").status_code == 204

    run_jobs()
    assert stored() == before
    assert [media["id"] for media in owner.get("/media").json["data"]] == [source["id"]]


def test_a_full_library_refuses_at_once(person_with):
    content = sample_media.photo("PNG")
    person, media = person_with(content, media_quota_bytes_per_user=len(content))

    response = person.post(f"/media/{media['id']}/convert", json={})

    assert (response.status_code, response.json["code"]) == (413, "media_quota_exceeded")
    assert len(person.get("/media").json["data"]) == 1


def test_what_turns_out_too_large_for_the_quota_is_rejected(person_with, tmp_path):
    content = sample_media.photo("PNG")
    person, media = person_with(content, media_quota_bytes_per_user=len(content) + 1000)

    made = person.post(f"/media/{media['id']}/convert", json={}).json
    run_due_jobs(person.app)

    left = person.get(f"/media/{made['id']}").json
    assert (left["status"], left["rejection"]["code"]) == ("rejected", "media_quota_exceeded")
    assert "holds" not in left["rejection"]["message"]  # a confined key reads it too
    assert person.get("/media/usage").json["used_bytes"] == len(content)
    assert (
        len([path for path in (tmp_path / "media").rglob("*") if path.is_file()]) == 2
    )  # the source and its thumbnail


def test_the_new_photo_counts_as_a_file(person_with):
    person, media = person_with(sample_media.photo("PNG"), media_quota_files_per_user=2)

    first = person.post(f"/media/{media['id']}/convert", json={})
    second = person.post(f"/media/{media['id']}/convert", json={})

    assert (first.status_code, second.status_code) == (202, 413)


@pytest.mark.postgres
def test_conversions_are_the_same_on_postgresql(person_with, postgresql_url):
    person, source = person_with(sample_media.photo("PNG"), database_url=postgresql_url)

    made = person.post(f"/media/{source['id']}/convert", json={}).json
    run_due_jobs(person.app)
    assert person.delete(f"/media/{source['id']}").status_code == 204

    left = person.get(f"/media/{made['id']}").json
    assert (left["status"], left["container"], left["source_id"]) == ("ready", "jpeg", None)
