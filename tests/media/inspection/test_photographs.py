"""Photos as phones and editors make them are what a viewer shows of them"""

import io
from functools import partial

import pytest
from PIL import Image

from tests.media.inspection.corpus import TAILS
from tests.media.inspection.films import bar_side, drawn, film
from tests.media.sample_media import box

SIZE = (720, 1080)
SIDES = {1: "top", 2: "top", 3: "bottom", 4: "bottom", 5: "left", 6: "right", 7: "right", 8: "left"}
CONTAINERS = {"JPEG": "jpeg", "WEBP": "webp", "PNG": "png", "HEIF": "heic"}


def photo(kind, *, orientation=1, mode="RGB", **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    drawn(SIZE).convert(mode).save(buffer, kind, exif=exif.tobytes(), **options)
    return buffer.getvalue()


def several(kind, **options):
    buffer = io.BytesIO()
    first, second = (drawn(SIZE, number) for number in range(2))
    first.save(buffer, kind, save_all=True, append_images=[second], **options)
    return buffer.getvalue()


GOOD = {
    "a jpeg of many scans": ("jpeg", partial(photo, "JPEG", progressive=True)),
    "a jpeg for printers": ("jpeg", partial(photo, "JPEG", mode="CMYK")),
    "a webp without loss": ("webp", partial(photo, "WEBP", lossless=True)),
    "a jpeg with a second picture": ("jpeg", partial(several, "MPO")),
    "a jpeg with a second picture and a film": ("jpeg", lambda: several("MPO") + film()),
    "a heic with a film in a box": ("heic", lambda: photo("HEIF") + box(b"mpvd", film())),
    "a heic with a film behind it": ("heic", lambda: photo("HEIF") + film()),
} | {
    f"{tail} behind a {container}": (container, lambda kind=kind, tail=tail: photo(kind) + TAILS[tail])
    for kind, container in CONTAINERS.items()
    for tail in (TAILS if kind == "HEIF" else ("a camera's own data", "zeros"))
}

BROKEN = {
    "photo_animated": partial(several, "WEBP"),
    "file_truncated": lambda: photo("HEIF")[:-1],
}


def unfilled(kind):
    """Its second half never arrived, and a preview in it has an end of its own."""
    preview = b"\xff\xe1\0\x0c" + b"preview" + b"\xff\xd9x"
    whole = photo(kind)
    content = whole[:2] + preview + whole[2:] if kind == "JPEG" else whole
    kept = min(len(content) // 2, len(content) - 1024)
    return content[:kept] + bytes(len(content) - kept)


@pytest.mark.parametrize("name", GOOD)
def test_it_is_what_a_viewer_shows(make_media, owner, name):
    container, make = GOOD[name]

    media = make_media(make(), name="photo")

    assert media["status"] == "ready", media["rejection"]
    assert (media["kind"], media["container"]) == ("photo", container)
    assert (media["width"], media["height"]) == SIZE
    assert bar_side(owner.get(f"/media/{media['id']}/thumbnail").data) == "top"
    checks = owner.get(f"/media/{media['id']}/checks").json
    problems = [check["code"] for check in checks["checks"] if check["severity"] == "problem"]
    assert problems == ([] if container in ("jpeg", "webp") else ["photo_format"])


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize("orientation", SIDES)
def test_it_is_shown_upright_each_of_the_eight_ways(make_media, owner, kind, orientation):
    media = make_media(photo(kind, orientation=orientation), name="photo")

    is_turned = SIDES[orientation] in ("left", "right")
    assert (media["width"], media["height"]) == (SIZE[::-1] if is_turned else SIZE)
    assert bar_side(owner.get(f"/media/{media['id']}/thumbnail").data) == SIDES[orientation]


@pytest.mark.parametrize("code", BROKEN)
def test_what_moves_or_is_cut_is_refused(make_media, code):
    media = make_media(BROKEN[code](), name="photo")

    assert (media["status"], media["rejection"]["code"]) == ("rejected", code)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_zeros_in_place_of_its_end_are_not_taken_for_a_picture(make_media, kind):
    media = make_media(unfilled(kind), name="photo")

    assert (media["status"], media["rejection"]) == (
        "rejected",
        {"code": "file_truncated", "message": "The end of the file is missing: there are only zeros."},
    )
