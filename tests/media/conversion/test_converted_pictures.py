"""What a photo becomes when it is converted, pixel by pixel"""

import io
import os

import pytest
from PIL import Image, ImageCms, ImageDraw

from tiktok_api.media.conversion.photos import PhotoFormat, convert
from tiktok_api.media.inspection.sandbox import Rejection
from tiktok_api.media.inspection.sniff import sniff

CORNERS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
BLACK = (0, 0, 0)


def saved(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def flat(colour, mode="RGB", size=(64, 48)):
    return Image.new(mode, size, colour)


def swapped_profile():
    """A profile that says: what is stored as red is green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def close(found, wanted, tolerance=4):
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


@pytest.fixture
def made_of(tmp_path):
    """The bytes that `content` becomes."""

    def act(content, wanted=PhotoFormat.JPEG):
        path = tmp_path / "file"
        path.write_bytes(content)
        outcome = convert(path, sniff(content[:4096]), wanted)
        assert not isinstance(outcome, Rejection), outcome
        return outcome

    return act


@pytest.fixture
def converted(made_of):
    """The picture that `content` becomes."""

    def act(content, wanted=PhotoFormat.JPEG):
        picture = Image.open(io.BytesIO(made_of(content, wanted)), formats=[wanted.name])
        picture.load()
        return picture

    return act


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2160, 3840), (1080, 1920)),
        ((3840, 2160), (1920, 1080)),
        ((4000, 4000), (1080, 1080)),
        ((1080, 1921), (1079, 1920)),
        ((1081, 1081), (1080, 1080)),
        ((1000, 4000), (480, 1920)),
        ((6000, 10), (1920, 3)),
        ((1080, 1920), (1080, 1920)),
        ((30, 20), (30, 20)),
    ],
)
def test_it_fits_and_is_never_enlarged(converted, size, expected):
    assert converted(saved(flat((9, 99, 9), size=size), "PNG")).size == expected


QUARTERS = {"red": (0, 0), "green": (48, 0), "blue": (0, 32), "white": (48, 32)}
STORED_TURNED_BY = dict(enumerate([None, 0, 3, 1, 5, 2, 6, 4], start=1))
"""What undoes each of EXIF's orientations, as Pillow's transpositions: 6, shown by turning clockwise, is stored the other way."""


@pytest.mark.parametrize(
    ("kind", "orientation"),
    [*((kind, number) for kind in ("JPEG", "HEIF") for number in range(1, 9)), ("PNG", 6), ("WEBP", 6)],
)
def test_it_stands_upright(converted, kind, orientation):
    upright = flat(BLACK, size=(96, 64))
    for name, (x, y) in QUARTERS.items():
        ImageDraw.Draw(upright).rectangle((x, y, x + 47, y + 31), fill=CORNERS[name])
    turned = STORED_TURNED_BY[orientation]
    stored = upright if turned is None else upright.transpose(Image.Transpose(turned))
    exif = Image.Exif()
    exif[0x0112] = orientation

    picture = converted(saved(stored, kind, exif=exif.tobytes(), quality=95))

    assert picture.size == (96, 64)
    for name, (x, y) in QUARTERS.items():
        assert close(picture.getpixel((x + 24, y + 16)), CORNERS[name], 20), name


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(saved(flat((0, 255, 255, 0), "CMYK"), "JPEG"), (254, 0, 0), id="cmyk"),
        pytest.param(saved(flat(77, "L"), "JPEG"), (77, 77, 77), id="grey jpeg"),
        pytest.param(
            saved(flat((200, 100, 50)), "JPEG", progressive=True, quality=95), (200, 100, 50), id="progressive"
        ),
        pytest.param(saved(flat(40_000, "I;16"), "PNG"), (156, 156, 156), id="16 bits"),
        pytest.param(saved(flat(77, "L"), "PNG"), (77, 77, 77), id="grey png"),
        pytest.param(saved(flat(1, "1"), "PNG"), (255, 255, 255), id="black and white"),
        pytest.param(
            saved(flat((200, 100, 50)).convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
            (200, 100, 50),
            id="palette",
        ),
        pytest.param(saved(flat((200, 100, 50)), "WEBP", lossless=True), (200, 100, 50), id="lossless webp"),
        pytest.param(saved(flat(77, "L"), "HEIF", quality=-1), (77, 77, 77), id="grey heic"),
        pytest.param(saved(flat((200, 100, 50)), "HEIF", quality=-1, chroma=444), (200, 100, 50), id="heic"),
        pytest.param(saved(flat((200, 100, 50), size=(4000, 3000)), "PNG"), (200, 100, 50), id="large"),
    ],
)
def test_colours_are_those_of_the_source_however_they_are_stored(converted, content, expected):
    picture = converted(content)

    assert picture.mode == "RGB"
    assert close(picture.getpixel((picture.width // 2, picture.height // 2)), expected)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_colour_profile_is_obeyed_and_not_passed_on(converted, kind):
    picture = converted(saved(flat((200, 60, 20)), kind, icc_profile=swapped_profile(), quality=95))

    assert close(picture.getpixel((30, 20)), (60, 200, 20), 8)
    assert "icc_profile" not in picture.info


def test_a_wide_gamut_that_is_only_named_is_obeyed(converted):
    """Display P3 by its numbers (H.273: primaries 12, transfer 13): its red is redder than sRGB's."""
    heic = saved(
        flat((200, 50, 50)), "HEIF", quality=-1, chroma=444, color_primaries=12, transfer_characteristics=13,
        matrix_coefficients=1, full_range_flag=1,
    )  # fmt: skip

    # (0.784, 0.196, 0.196) in P3 is (0.857, 0.095, 0.158) in sRGB.
    assert close(converted(heic).getpixel((30, 20)), (219, 24, 40))


@pytest.mark.parametrize("transfer", [16, 18])
def test_a_high_dynamic_range_is_neither_black_nor_burnt_out(converted, transfer):
    ramp = Image.linear_gradient("L").convert("RGB")
    heic = saved(
        ramp, "HEIF", quality=-1, chroma=444, color_primaries=9, transfer_characteristics=transfer,
        matrix_coefficients=9, full_range_flag=1,
    )  # fmt: skip

    picture = converted(heic).convert("L")

    column = [picture.getpixel((128, y)) for y in range(0, 256, 16)]
    assert column == sorted(column)
    assert column[0] < 10
    assert 60 < column[8] < 200
    assert picture.getpixel((128, 255)) > 230


@pytest.mark.parametrize("profile", [b"garbage" * 100, b""])
def test_a_broken_colour_profile_spoils_nothing(converted, profile):
    picture = converted(saved(flat((200, 60, 20)), "JPEG", icc_profile=profile, quality=95))

    assert close(picture.getpixel((30, 20)), (200, 60, 20))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(saved(flat((255, 0, 0, 0), "RGBA"), "PNG"), id="png"),
        pytest.param(saved(flat((255, 0, 0, 0), "RGBA", size=(3000, 3000)), "PNG"), id="large png"),
        pytest.param(saved(flat((1, 2, 3)).quantize(4), "PNG", transparency=0), id="palette"),
        pytest.param(saved(flat((1, 2, 3)), "PNG", transparency=(1, 2, 3)), id="one colour"),
        pytest.param(saved(flat((9, 0), "LA"), "PNG"), id="grey"),
        pytest.param(saved(flat((255, 0, 0, 0), "RGBA"), "WEBP", lossless=True, exact=True), id="webp"),
        pytest.param(saved(flat((255, 0, 0, 0), "RGBA"), "HEIF", quality=-1), id="heic"),
    ],
)
def test_transparency_becomes_white_in_a_jpeg_and_stays_in_a_webp(converted, content):
    jpeg, webp = converted(content), converted(content, PhotoFormat.WEBP)

    assert (jpeg.mode, webp.mode) == ("RGB", "RGBA")
    assert close(jpeg.getpixel((30, 20)), (255, 255, 255))
    assert webp.getpixel((30, 20))[3] == 0


@pytest.mark.parametrize("wanted", PhotoFormat)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_nothing_but_the_picture_is_passed_on(made_of, kind, wanted):
    exif = Image.Exif()
    exif[0x010F] = "a camera of mine"
    exif.get_ifd(0x8825)[1] = "N"
    more = {"comment": b"a secret comment"} if kind == "JPEG" else {}
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>at home</x:xmpmeta>"
    content = saved(flat((9, 99, 9)), kind, exif=exif.tobytes(), xmp=xmp, icc_profile=swapped_profile(), **more)

    found = made_of(content, wanted)

    assert b"a camera of mine" in content
    for secret in (b"a camera of mine", b"at home", b"secret comment", b"Exif", b"xmp", b"XMP", b"ICC"):
        assert secret not in found


def test_the_worst_there_is_to_compress_stays_far_below_20_mb(made_of):
    noise = Image.frombytes("RGB", (1080, 1920), os.urandom(1080 * 1920 * 3))

    assert len(made_of(saved(noise, "PNG", compress_level=1))) < 8_000_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_of_48_million_pixels_is_converted(converted, kind):
    assert converted(saved(flat((200, 100, 50), size=(8064, 6048)), kind)).size == (1440, 1080)
