"""POST /media/{id}/convert of videos: each kind that TikTok refuses becomes one that it takes"""

from fractions import Fraction
from random import Random

import pytest

from tests.media.conversion.film_in_child import film_in_child
from tests.media.conversion.pictures import colour_at
from tests.media.inspection.boxes import with_matrix
from tests.media.inspection.films import Picture, Sound, film
from tiktok_api.media.inspection.sandbox import Rejection
from tiktok_api.simulator.media.limits import video_problem
from tiktok_api.simulator.media.probe import prober

API_SECONDS = 600
TENTH = Fraction(1, 10)
OLD = {"video_container", "video_codec"}
REFUSED = {
    "slow": ({"make": (Picture(at=range(20), time_base=TENTH), Sound())}, {"video_fps"}),
    "fast": ({"make": (Picture(at=range(120), time_base=Fraction(1, 120)), Sound(seconds=1))}, {"video_fps"}),
    "small": ({"make": (Picture(size=(64, 120)),)}, {"video_width", "video_height"}),
    "large": ({"make": (Picture(size=(4200, 400), at=range(6)),)}, {"video_width"}),
    "narrow": ({"make": (Picture(size=(100, 1600), at=range(24)),)}, {"video_width"}),
    "av1": ({"make": (Picture(codec="libsvtav1"), Sound())}, {"video_codec"}),
    "mpeg4": ({"make": (Picture(codec="mpeg4"), Sound())}, {"video_codec"}),
    "mjpeg": ({"make": (Picture(codec="mjpeg", pixels="yuvj420p"),), "form": "mov"}, {"video_codec"}),
    "prores": ({"make": (Picture(codec="prores_ks", pixels="yuv422p10le"),), "form": "mov"}, {"video_codec"}),
    "matroska": ({"make": (Picture(), Sound()), "form": "matroska"}, {"video_container"}),
    "avi": ({"make": (Picture(), Sound(codec="mp3")), "form": "avi"}, {"video_container"}),
    "avi with reordered pictures": (
        {"make": (Picture(b_frames=2), Sound(codec="mp3")), "form": "avi"},
        {"video_container"},
    ),
    "avi of a camera": (
        {"make": (Picture(codec="mjpeg", pixels="yuvj420p"), Sound(codec="pcm_s16le")), "form": "avi"},
        OLD,
    ),
    "flash": ({"make": (Picture(), Sound()), "form": "flv"}, {"video_container"}),
    "flash as it was once": ({"make": (Picture(codec="flv"), Sound(codec="mp3", rate=44_100)), "form": "flv"}, OLD),
    "transport stream": ({"make": (Picture(b_frames=2), Sound()), "form": "mpegts"}, {"video_container"}),
    "transport stream of a camcorder": (
        {"make": (Picture(), Sound()), "form": "mpegts", "options": (("mpegts_m2ts_mode", "1"),)},
        {"video_container"},
    ),
    "television": ({"make": (Picture(codec="mpeg2video"), Sound(codec="mp2")), "form": "mpegts"}, OLD),
    "dvd": ({"make": (Picture(codec="mpeg2video", b_frames=2), Sound(codec="mp2")), "form": "vob"}, OLD),
    "video cd": ({"make": (Picture(codec="mpeg1video"), Sound(codec="mp2")), "form": "mpeg"}, OLD),
    "windows media": ({"make": (Picture(codec="wmv2"), Sound(codec="mp3")), "form": "asf"}, OLD),
    "old phone": (
        {"make": (Picture(codec="h263", size=(352, 288), time_base=Fraction(1001, 30_000)),), "form": "3gp"},
        {"video_codec", "video_height"},
    ),
    "all at once": (
        {"make": (Picture(codec="mpeg4", size=(64, 64), at=range(20), time_base=TENTH),), "form": "matroska"},
        {"video_container", "video_codec", "video_fps", "video_width", "video_height"},
    ),
}
LONG = Picture(at=range(0, 6100, 100), time_base=TENTH)


def made_by(make, form="mp4", options=()):
    return film(*make, form=form, options=options)


@pytest.fixture
def problems_of(owner):
    """The rules that media break."""

    def ask(media):
        checks = owner.get(f"/media/{media['id']}/checks").json["checks"]
        return {check["code"] for check in checks if check["severity"] == "problem"}

    return ask


@pytest.fixture
def told_by_tiktok(owner, tmp_path):
    """The simulator's reason to refuse a video, or None."""

    def ask(media):
        path = tmp_path / "at tiktok"
        path.write_bytes(owner.get(f"/media/{media['id']}/content").data)
        return video_problem(prober.facts([path]), API_SECONDS)

    return ask


@pytest.mark.parametrize("kind", REFUSED)
def test_each_kind_of_refused_video_becomes_one_that_our_checks_and_tiktok_accept(
    make_media, convert, problems_of, told_by_tiktok, kind
):
    recipe, expected = REFUSED[kind]
    source = make_media(made_by(**recipe))
    assert problems_of(source) == expected
    assert told_by_tiktok(source) is not None

    made = convert(source)

    assert made["status"] == "ready", made["rejection"]
    assert told_by_tiktok(made) is None
    assert problems_of(made) == set()
    assert (made["container"], made["video_codec"], made["source_id"]) == ("mp4", "h264", source["id"])
    assert made["has_audio"] is source["has_audio"]
    assert made["duration_seconds"] == pytest.approx(source["duration_seconds"], abs=0.06)


def test_what_lasts_too_long_ends_after_ten_minutes(make_media, convert, problems_of, told_by_tiktok):
    source = make_media(made_by((LONG,)))
    assert problems_of(source) == {"video_fps", "video_duration"}

    made = convert(source)

    assert problems_of(made) == set()
    assert told_by_tiktok(made) is None
    assert made["duration_seconds"] == pytest.approx(600, abs=0.06)


def test_the_index_precedes_the_content(owner, make_media, convert):
    made = convert(make_media(made_by((Picture(), Sound()))))

    content = owner.get(f"/media/{made['id']}/content").data
    assert 0 < content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ({"trim_start_seconds": 0.5}, 1.5),
        ({"trim_end_seconds": 0.5}, 0.5),
        ({"trim_start_seconds": 0.5, "trim_end_seconds": 1.25}, 0.75),
        ({"max_duration_seconds": 1}, 1.0),
        ({"trim_end_seconds": 99}, 2.0),
        ({"format": "mp4"}, 2.0),
    ],
)
def test_a_part_can_be_chosen(make_media, convert, wish, seconds):
    made = convert(make_media(made_by((Picture(), Sound()))), **wish)

    assert made["duration_seconds"] == pytest.approx(seconds, abs=0.06)


@pytest.mark.parametrize("form", ["avi", "flv", "mpegts", "vob", "asf", "matroska"])
def test_a_part_can_be_chosen_of_every_container(make_media, convert, form):
    tracks = Picture(codec="mpeg2video" if form == "vob" else "libx264"), Sound(codec="mp2" if form == "vob" else "mp3")

    made = convert(make_media(made_by(tracks, form)), trim_start_seconds=0.75, trim_end_seconds=1.5)

    assert made["status"] == "ready", made["rejection"]
    assert made["duration_seconds"] == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize("form", ["avi", "flv", "asf"])
def test_what_was_cut_off_is_noticed_in_containers_that_tell(make_media, form):
    whole = made_by((Picture(at=range(240), gop=12), Sound(seconds=10, codec="mp3")), form)

    media = make_media(whole[: len(whole) // 2])

    assert (media["status"], media["rejection"]["code"]) == ("rejected", "file_truncated")


@pytest.mark.parametrize(
    ("wish", "pointer", "code"),
    [
        ({"trim_start_seconds": 2}, "/trim_start_seconds", "trim_beyond_end"),
        ({"trim_start_seconds": 1, "trim_end_seconds": 1}, "/trim_end_seconds", "trim_empty"),
        ({"format": "jpeg"}, "/format", "format_unfit"),
    ],
)
def test_a_part_that_does_not_exist_is_refused(owner, make_media, wish, pointer, code):
    source = make_media(made_by((Picture(),)))

    response = owner.post(f"/media/{source['id']}/convert", json=wish)

    assert response.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in response.json["errors"]] == [(pointer, code)]
    assert len(owner.get("/media").json["data"]) == 1


def test_the_new_video_counts_for_what_it_may_come_to_until_it_is_made(owner, make_media, run_jobs):
    source = make_media(made_by((Picture(),)))

    made = owner.post(f"/media/{source['id']}/convert", json={}).json

    assert (made["progress"], made["status"]) == (0, "inspecting")
    assert owner.get("/media/usage").json["reserved_bytes"] > 1_000_000
    run_jobs()
    made = owner.get(f"/media/{made['id']}").json
    assert (made["progress"], made["status"]) == (None, "ready")
    usage = owner.get("/media/usage").json
    assert (usage["reserved_bytes"], usage["used_bytes"]) == (0, source["size_bytes"] + made["size_bytes"])


def test_a_source_that_is_deleted_too_early_is_the_reason(owner, make_media, run_jobs):
    source = make_media(made_by((Picture(),)))
    made = owner.post(f"/media/{source['id']}/convert", json={}).json
    owner.delete(f"/media/{source['id']}")

    run_jobs()

    left = owner.get(f"/media/{made['id']}").json
    assert (left["status"], left["rejection"]["code"], left["progress"]) == ("rejected", "source_deleted", None)
    assert owner.get("/media/usage").json["reserved_bytes"] == 0


def test_what_is_no_longer_wanted_leaves_nothing_behind(owner, make_media, run_jobs, stored):
    source = make_media(made_by((Picture(),)))
    before = stored()
    made = owner.post(f"/media/{source['id']}/convert", json={}).json

    assert owner.delete(f"/media/{made['id']}").status_code == 204

    run_jobs()
    assert stored() == before


def test_the_picture_stands_upright_and_keeps_its_shape(owner, make_media, convert):
    source = make_media(made_by((Picture(pixel_aspect=Fraction(2)),)))

    made = convert(source)

    assert (source["width"], source["height"]) == (made["width"], made["height"]) == (720, 640)


@pytest.mark.parametrize(("degrees", "matrix"), [(90, (0, 1, -1, 0)), (180, (-1, 0, 0, -1)), (270, (0, -1, 1, 0))])
def test_a_rotated_video_is_stored_upright(owner, make_media, convert, degrees, matrix):
    source = make_media(with_matrix(made_by((Picture(),)), matrix))

    made = convert(source)

    assert (source["orientation"], made["orientation"]) == (degrees, 0)
    assert (made["width"], made["height"]) == (source["width"], source["height"])
    content = owner.get(f"/media/{made['id']}/content").data
    x, y = {90: (0.95, 0.5), 180: (0.5, 0.95), 270: (0.05, 0.5)}[degrees]
    assert colour_at(content, 0.5, x=x, y=y) == "red"


def test_nothing_but_pictures_and_sound_is_passed_on(owner, make_media, convert):
    source = make_media(film(Picture(), Sound(), tags=(("title", "a secret title"), ("location", "+52.5+013.4/"))))

    made = convert(source)

    before, after = (owner.get(f"/media/{media['id']}/content").data for media in (source, made))
    assert b"a secret title" in before
    assert b"a secret title" not in after
    assert b"+52.5" not in after


def test_a_high_dynamic_range_and_late_sound_are_converted_too(make_media, convert, problems_of):
    bright = Picture(codec="libx265", pixels="yuv420p10le", transfer=16)

    made = convert(make_media(made_by((bright, Sound(begin_seconds=1)))))

    assert problems_of(made) == set()
    assert made["duration_seconds"] == pytest.approx(3, abs=0.06)


@pytest.mark.parametrize("damage", range(6))
def test_a_damaged_video_is_made_or_refused_with_a_reason(tmp_path, damage):
    """What inspection let through, or was changed behind its back: no child hangs, and no error is ours."""
    content = bytearray(made_by((Picture(at=range(72)), Sound(seconds=3))))
    chance = Random(damage)
    for _ in range(40):
        content[chance.randrange(len(content) // 4, len(content))] = chance.randrange(256)
    path = tmp_path / "damaged"
    path.write_bytes(content)

    outcome, size = film_in_child(path, max_bytes=50_000_000)

    assert isinstance(outcome, Rejection) or size > 1000


def test_more_than_the_allowed_bytes_are_never_written(tmp_path):
    path = tmp_path / "film"
    path.write_bytes(made_by((Picture(), Sound())))

    outcome, size = film_in_child(path, max_bytes=20_000)

    assert isinstance(outcome, Rejection)
    assert outcome.code == "conversion_too_large"
    assert size <= 20_000
