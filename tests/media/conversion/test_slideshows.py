"""POST /media/slideshows"""

import pytest

from tests.media import sample_media
from tests.media.conversion.pictures import colour_at, coloured
from tests.media.inspection.films import Picture, Sound, film
from tests.web.problems import assert_problem


@pytest.fixture
def photos(make_media):
    """The ids of a red, a green and a blue photo, each of another format."""
    kinds = {"red": "JPEG", "green": "PNG", "blue": "HEIF"}
    return [make_media(coloured(name, kind=kind), name=name)["id"] for name, kind in kinds.items()]


@pytest.fixture
def make_show(owner, run_jobs):
    """A slideshow as the API shows it when it is made, and its bytes."""

    def make(media_ids, **wish):
        response = owner.post("/media/slideshows", json={"media_ids": media_ids} | wish)
        assert response.status_code == 202, response.json
        run_jobs()
        made = owner.get(f"/media/{response.json['id']}").json
        assert made["status"] == "ready", made["rejection"]
        return made, owner.get(f"/media/{made['id']}/content").data

    return make


def test_each_photo_is_shown_at_its_seconds(owner, photos, make_show):
    made, content = make_show([*photos, photos[0]], seconds_each=1.5)

    assert (made["width"], made["height"], made["fps"]) == (1080, 1920, 30)
    assert (made["name"], made["source_id"], made["has_audio"]) == ("slideshow.mp4", photos[0], False)
    assert made["duration_seconds"] == pytest.approx(6, abs=0.04)
    moments = (0, 1.45, 1.55, 2.95, 3.05, 4.45, 4.55, 5.9)
    assert [colour_at(content, moment) for moment in moments] == [
        "red", "red", "green", "green", "blue", "blue", "red", "red",
    ]  # fmt: skip
    assert owner.get(f"/media/{made['id']}/checks").json["is_postable"] is True


@pytest.mark.parametrize(
    ("shape", "size"), [("portrait", (1080, 1920)), ("landscape", (1920, 1080)), ("square", (1080, 1080))]
)
def test_it_has_the_chosen_shape(photos, make_show, shape, size):
    made, _ = make_show(photos[:2], seconds_each=0.5, shape=shape)

    assert (made["width"], made["height"]) == size


def test_a_text_is_no_number_of_seconds(owner, photos):
    texts = owner.post("/media/slideshows", json={"media_ids": photos, "seconds_each": "1.5"})
    part = owner.post(f"/media/{photos[0]}/convert", json={"trim_start_seconds": "0.5"})

    faults = [assert_problem(answer, 422)["errors"][0] for answer in (texts, part)]
    assert [(fault["pointer"], fault["code"]) for fault in faults] == [
        ("/seconds_each", "wrong_type"),
        ("/trim_start_seconds", "wrong_type"),
    ]


@pytest.mark.parametrize(("fit", "edge"), [("fit", "black"), ("fill", "red")])
def test_a_photo_of_another_shape_has_bars_or_fills_the_screen(make_media, make_show, fit, edge):
    wide = make_media(coloured("red", (1600, 400)), name="wide")["id"]

    _, content = make_show([wide, wide], seconds_each=0.5, fit=fit)

    assert colour_at(content, 0.2) == "red"
    assert colour_at(content, 0.2, y=0.05) == edge


@pytest.mark.parametrize(("sound_seconds", "heard"), [(1, True), (9, True)])
def test_the_sound_of_a_video_is_played(make_media, photos, make_show, sound_seconds, heard):
    video = make_media(film(Picture(), Sound(seconds=sound_seconds)))

    made, _ = make_show(photos, seconds_each=1, audio_media_id=video["id"])

    assert (made["has_audio"], made["audio_codec"]) == (heard, "aac")
    assert made["duration_seconds"] == pytest.approx(3, abs=0.05)


def test_thirty_five_photos_are_the_most(owner, photos, make_show):
    made, _ = make_show([photos[0]] * 35, seconds_each=0.5)
    refused = owner.post("/media/slideshows", json={"media_ids": [photos[0]] * 36})

    assert made["duration_seconds"] == pytest.approx(17.5, abs=0.05)
    assert refused.status_code == 422


def test_everything_that_is_wrong_is_told_at_once(owner, stranger, make_media, photos, upload):
    video, foreign = make_media(), make_media(coloured("red"), person=stranger)
    ids = [photos[0], foreign["id"], video["id"], upload().id]
    wish = {"media_ids": ids, "seconds_each": 60, "audio_media_id": video["id"]}

    response = owner.post("/media/slideshows", json=wish)

    assert (response.status_code, response.json["code"]) == (422, "slideshow_unfit")
    assert [(fault["pointer"], fault["code"]) for fault in response.json["errors"]] == [
        ("/media_ids/1", "unknown_media"),
        ("/media_ids/2", "media_not_a_photo"),
        ("/media_ids/3", "media_not_ready"),
        ("/audio_media_id", "media_without_sound"),
    ]


@pytest.mark.parametrize(
    "wish",
    [
        {"media_ids": []},
        {"media_ids": 1},
        {"seconds_each": 0.1},
        {"seconds_each": 61},
        {"fit": "stretch"},
        {"shape": "round"},
        {"music": True},
        {"name": ""},
    ],
    ids=str,
)
def test_what_cannot_be_wished_for_is_refused(owner, photos, wish):
    before = len(owner.get("/media").json["data"])

    response = owner.post("/media/slideshows", json={"media_ids": photos} | wish)

    assert response.status_code == 422
    assert len(owner.get("/media").json["data"]) == before


def test_more_than_ten_minutes_are_refused(owner, photos):
    response = owner.post("/media/slideshows", json={"media_ids": photos * 11, "seconds_each": 20})

    assert [fault["code"] for fault in response.json["errors"]] == ["slideshow_too_long"]


def test_a_photo_that_is_deleted_too_early_is_the_reason(owner, photos, run_jobs):
    made = owner.post("/media/slideshows", json={"media_ids": photos}).json
    owner.delete(f"/media/{photos[1]}")

    run_jobs()

    left = owner.get(f"/media/{made['id']}").json
    assert (left["status"], left["rejection"]["code"]) == ("rejected", "source_deleted")


def test_a_photo_that_moved_into_another_mans_library_is_not_shown(owner, stranger, make_media):
    foreign = make_media(sample_media.photo(), person=stranger)["id"]

    response = owner.post("/media/slideshows", json={"media_ids": [foreign, foreign]})

    assert {fault["code"] for fault in response.json["errors"]} == {"unknown_media"}
    assert owner.get("/media").json["data"] == []


def test_asking_again_with_the_same_key_makes_one(owner, photos, run_jobs):
    headers = {"Idempotency-Key": "summer"}

    first, again = (owner.post("/media/slideshows", json={"media_ids": photos}, headers=headers) for _ in range(2))

    assert again.json == first.json
    assert len(owner.get("/media").json["data"]) == len(photos) + 1
