"""Videos of older devices can be opened to be converted; damaged in any way, they are opened or refused like all others."""

from random import Random

import pytest

from tests.media.inspection.films import Picture, Sound, film

FORMS = {"avi": "mp3", "flv": "aac", "mpegts": "aac", "vob": "mp2", "asf": "mp3"}
KNOWN = {"file_truncated", "undecodable", "format_unsupported", "no_video", "codec_unsupported", "file_damaged"}


def whole(form):
    """Two seconds of a film in that container."""
    picture = Picture(codec="mpeg2video" if form == "vob" else "libx264")
    return film(picture, Sound(codec=FORMS[form]), form=form)


def damaged(content, chance):
    """The same with some bytes changed, others left out, and noise put in."""
    spoilt = bytearray(content)
    for _ in range(chance.choice([1, 5, 40])):
        at = chance.randrange(12, len(spoilt))
        spoilt[at : at + chance.choice([1, 4, 300])] = chance.randbytes(chance.choice([1, 4, 300]))
    at = chance.randrange(12, 600)
    spoilt[at : at + 4] = chance.choice([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"])
    return bytes(spoilt)


@pytest.mark.parametrize(
    "seed", [0, 1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)]
)
@pytest.mark.parametrize("form", FORMS)
def test_a_damaged_one_is_ready_or_rejected(make_media, form, seed):
    media = make_media(damaged(whole(form), Random(f"{form} {seed}")))

    assert media["status"] in ("ready", "rejected")
    assert media["rejection"] is None or media["rejection"]["code"] in KNOWN


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_one_is_known_for_what_it_is(owner, make_media, form):
    media = make_media(whole(form))

    assert media["container"] == {"vob": "mpeg", "asf": "wmv"}.get(form, form)
    assert (media["width"], media["height"], media["fps"], media["has_audio"]) == (360, 640, 24.0, True)
    assert media["duration_seconds"] == pytest.approx(2, abs=0.1)
    assert owner.get(f"/media/{media['id']}/thumbnail").status_code == 200


def test_an_avi_whose_recorder_could_not_write_its_size_is_whole(make_media):
    content = whole("avi")

    streamed = make_media(content[:4] + b"\xff" * 4 + content[8:])
    cut = make_media(content[:-1000])

    assert (streamed["status"], streamed["duration_seconds"]) == ("ready", pytest.approx(2, abs=0.1))
    assert cut["rejection"]["code"] == "file_truncated"


def test_a_track_of_text_that_appears_late_is_no_damage(owner, make_media):
    content = _with_text(film(Picture(at=range(480)), form="flv"))

    media = make_media(content)

    assert (media["status"], media["duration_seconds"]) == ("ready", pytest.approx(20, abs=0.1))
    assert owner.get(f"/media/{media['id']}/thumbnail").status_code == 200


def _with_text(content):
    """The same FLV with a tag of text after three quarters of its tags (Adobe's specification of FLV, E.4)."""
    tags, at = [], 13
    while at < len(content):
        end = at + 15 + int.from_bytes(content[at + 1 : at + 4], "big")
        tags.append(content[at:end])
        at = end
    middle = len(tags) * 3 // 4
    body = b"\x02\0\x0aonTextData\x03\0\4text\x02\0\2hi\0\0\x09"
    text = b"\x12" + len(body).to_bytes(3, "big") + tags[middle][4:8] + bytes(3) + body
    tags.insert(middle, text + len(text).to_bytes(4, "big"))
    return content[:13] + b"".join(tags)
