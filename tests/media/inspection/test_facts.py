"""The facts about a file, found out by the child process"""

import io
import struct
from fractions import Fraction

import pillow_heif
import pytest
from PIL import Image

from tests.media import sample_media
from tests.media.inspection import films
from tiktok_api.media.inspection.inspect import Facts, inspect


@pytest.fixture
def look(tmp_path):
    def look(content):
        path = tmp_path / "file"
        path.write_bytes(content)
        return inspect(path)

    return look


@pytest.mark.parametrize(
    ("suffix", "codec", "content_type", "container", "found"),
    [
        (".mp4", "libx264", "video/mp4", "mp4", "h264"),
        (".mp4", "libx265", "video/mp4", "mp4", "hevc"),
        (".mov", "libx264", "video/quicktime", "mov", "h264"),
        (".webm", "libvpx", "video/webm", "webm", "vp8"),
        (".webm", "libvpx-vp9", "video/webm", "webm", "vp9"),
    ],
)
def test_every_kind_of_video_that_tiktok_takes_is_recognised(look, suffix, codec, content_type, container, found):
    facts = look(sample_media.video(suffix, codec=codec))

    assert isinstance(facts, Facts), facts
    assert (facts.kind, facts.content_type, facts.container) == ("video", content_type, container)
    assert (facts.video_codec, facts.width, facts.height, facts.orientation) == (found, 360, 640, 0)
    assert facts.fps == pytest.approx(24, abs=0.1)
    assert facts.duration_seconds == pytest.approx(1.0, abs=0.06)


def test_sound_is_noticed(look):
    with_sound, without = look(sample_media.video(sound=True)), look(sample_media.video(sound=False))

    assert (with_sound.has_audio, with_sound.audio_codec) == (True, "aac")
    assert (without.has_audio, without.audio_codec) == (False, None)


@pytest.mark.parametrize(("rotation", "size"), [(90, (640, 360)), (180, (360, 640)), (270, (640, 360))])
def test_a_turned_video_has_the_size_in_which_it_is_seen(look, rotation, size):
    facts = look(sample_media.video(rotation=rotation))

    assert (facts.width, facts.height) == size
    assert facts.orientation == -rotation % 360
    assert upright(facts.thumbnail, facts)


def test_the_bitrate_is_that_of_the_whole_file(look):
    content = sample_media.video(pad_to_bytes=1_000_000)

    assert look(content).bitrate == pytest.approx(8_000_000, rel=0.05)


def upright(thumbnail, facts):
    width, height = Image.open(io.BytesIO(thumbnail)).size
    return (width > height) == (facts.width > facts.height)


@pytest.mark.parametrize(
    "content", [sample_media.video(width=720, height=1280), sample_media.photo(width=1080, height=1920)]
)
def test_there_is_a_small_picture_of_it(look, content):
    picture = Image.open(io.BytesIO(look(content).thumbnail))

    assert picture.format == "JPEG"
    assert picture.size == (360, 640)


@pytest.mark.parametrize(
    ("kind", "content_type", "container"),
    [("JPEG", "image/jpeg", "jpeg"), ("WEBP", "image/webp", "webp"), ("PNG", "image/png", "png")],
)
def test_every_kind_of_photo_is_recognised(look, kind, content_type, container):
    facts = look(sample_media.photo(kind))

    assert (facts.kind, facts.content_type, facts.container) == ("photo", content_type, container)
    assert (facts.width, facts.height, facts.duration_seconds, facts.has_audio) == (720, 1080, None, None)


def test_a_transparent_picture_has_a_thumbnail_too(look):
    assert look(sample_media.photo("PNG", mode="RGBA")).thumbnail.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (720, 1080)), (3, (720, 1080)), (6, (1080, 720)), (8, (1080, 720))]
)
def test_a_turned_photo_has_the_size_in_which_it_is_seen(look, orientation, size):
    facts = look(sample_media.photo(orientation=orientation))

    assert (facts.width, facts.height, facts.orientation) == (*size, orientation)
    assert upright(facts.thumbnail, facts)


@pytest.mark.parametrize(("orientation", "size"), [(1, (480, 960)), (3, (480, 960)), (6, (960, 480)), (7, (960, 480))])
def test_a_heic_photo_is_decoded_and_turned_as_it_says_itself(look, orientation, size):
    """By its boxes irot and imir, which is what cameras write beside an EXIF orientation of no meaning."""
    facts = look(sample_media.photo("HEIF", width=480, height=960, orientation=orientation))

    assert (facts.kind, facts.content_type, facts.container) == ("photo", "image/heic", "heic")
    assert (facts.width, facts.height, facts.orientation) == (*size, 1)
    assert Image.open(io.BytesIO(facts.thumbnail)).size == tuple(side * 2 // 3 for side in size)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_a_heic_photo_is_known_by_each_of_its_brands(look, brand):
    content = sample_media.photo("HEIF", width=64, height=64)

    assert look(content[:8] + brand + content[12:]).container == "heic"


def test_of_several_pictures_in_a_heic_the_primary_one_counts(look):
    several = pillow_heif.from_pillow(Image.new("RGB", (64, 64)))
    several.add_from_pillow(Image.new("RGB", (320, 200)))
    buffer = io.BytesIO()
    several.save(buffer, primary_index=1)

    facts = look(buffer.getvalue())

    assert (facts.width, facts.height) == (320, 200)


def test_the_further_pictures_in_a_jpeg_are_passed_over(look):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, "MPO", save_all=True, append_images=[Image.new("RGB", (640, 480))])

    facts = look(buffer.getvalue())

    assert (facts.container, facts.width, facts.height) == ("jpeg", 64, 48)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"exif": b"Exif\0\0II*\0\xff\xff\xff\x7f"}, id="no EXIF at all"),
        pytest.param(
            {"exif": b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\2\0\4\0\0\0abc\0" + bytes(4)}, id="a word for a number"
        ),
        pytest.param(
            {"exif": b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\x63" + bytes(7)}, id="no such orientation"
        ),
        pytest.param({"icc_profile": b"garbage" * 400_000}, id="a huge profile"),
        pytest.param({"comment": b"x" * 65_000}, id="a long comment"),
        pytest.param({"progressive": True}, id="progressive"),
    ],
)
def test_what_is_odd_around_a_picture_does_not_spoil_it(look, options):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, "JPEG", **options)

    facts = look(buffer.getvalue())

    assert (facts.width, facts.height, facts.orientation) == (64, 48, 1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGBA"])
def test_the_thumbnail_of_a_png_is_as_bright_as_the_png(look, mode):
    grey = (
        Image.new("I;16", (64, 48), 0x8080) if mode == "I;16" else Image.new("L", (64, 48), 255 if mode == "1" else 128)
    )
    buffer = io.BytesIO()
    (grey if mode == "I;16" else grey.convert(mode)).save(buffer, "PNG")

    thumbnail = Image.open(io.BytesIO(look(buffer.getvalue()).thumbnail))

    assert thumbnail.getpixel((30, 20)) == pytest.approx((255,) * 3 if mode == "1" else (128,) * 3, abs=2)


@pytest.mark.parametrize(
    ("rate", "expected"), [((24_000, 1001), 23.976), ((30_000, 1001), 29.97), ((60_000, 1001), 59.94)]
)
@pytest.mark.parametrize("sound_seconds", [0, 2])
def test_the_rate_is_the_nominal_one(look, rate, expected, sound_seconds):
    times = range(round(rate[0] / rate[1]))

    facts = look(
        sample_media.fragmented(at=times, time_base=Fraction(rate[1], rate[0]), sound_seconds=sound_seconds and 1.02)
    )

    assert facts.fps == pytest.approx(expected, abs=0.001)


def test_where_pictures_come_as_they_like_the_rate_is_their_number(look):
    uneven = [0, 1, 2, 3, 6, 7, 10, 11, 12, 20, 21, 22, 30, 40, 50, 59]

    facts = look(sample_media.shot(at=uneven, time_base=Fraction(1, 30), b_frames=0))

    assert (facts.fps, facts.duration_seconds) == (pytest.approx(8, abs=0.2), pytest.approx(2, abs=0.05))


def test_slow_motion_is_not_played_down(look):
    assert look(sample_media.shot(at=range(120), time_base=Fraction(1, 240))).fps == 240


def test_a_video_in_fragments_is_measured(look):
    facts = look(sample_media.fragmented(sound_seconds=2))

    assert facts.duration_seconds == pytest.approx(2.0, abs=0.1)
    assert (facts.container, facts.fps, facts.has_audio) == ("mp4", 24, True)


def test_only_what_a_trimmed_video_shows_is_counted(look):
    """Phones trim by an edit list: everything is still in the file, one and a half seconds from the first on are shown."""
    content = bytearray(sample_media.shot(movflags="faststart", sound_seconds=4, at=range(96)))
    at = content.index(b"mvhd")
    content[at + 20 : at + 24] = struct.pack(">I", 1500)
    at = -1
    while (at := content.find(b"elst", at + 1)) >= 0:
        scale = content.index(b"mdhd", at) + 16
        [ticks] = struct.unpack(">I", content[scale : scale + 4])
        content[at + 12 : at + 20] = struct.pack(">II", 1500, ticks)

    facts = look(bytes(content))

    assert facts.duration_seconds == 1.5


def test_a_cover_is_not_the_video(look):
    facts = look(sample_media.shot(cover=True))

    assert (facts.video_codec, facts.width, facts.height) == ("h264", 360, 640)


@pytest.mark.parametrize(("sound_seconds", "expected"), [(4, 4.0), (1, 2.0)])
def test_a_video_is_as_long_as_its_sound_or_picture_whichever_is_longer(look, sound_seconds, expected):
    assert look(sample_media.shot(sound_seconds=sound_seconds)).duration_seconds == pytest.approx(expected, abs=0.05)


def test_a_video_that_begins_later_is_as_long_as_it_is_seen(look):
    assert look(sample_media.shot(at=range(240, 288))).duration_seconds == pytest.approx(2.0, abs=0.05)


def test_ten_bits_of_hevc_are_decoded(look):
    facts = look(sample_media.shot(codec="libx265", pixels="yuv420p10le", at=range(12)))

    assert facts.video_codec == "hevc"
    assert facts.thumbnail


@pytest.mark.parametrize(("width", "height"), [(4096, 2160), (2160, 4098)])
def test_large_videos_are_opened(look, width, height):
    facts = look(sample_media.video(width=width, height=height, seconds=0.2))

    assert (facts.width, facts.height) == (width, height)


@pytest.mark.long
@pytest.mark.parametrize(
    ("codec", "pixels", "count"),
    [("libx264", "yuv444p10le", 3), ("libx265", "yuv420p10le", 8), ("libvpx-vp9", "yuv420p", 2)],
)
def test_a_film_that_is_too_large_for_tiktok_is_held_against_its_limit_not_against_our_memory(
    make_media, owner, codec, pixels, count
):
    """One of its pictures takes up to 212 MB, and to make it takes ten times as much."""
    picture = films.Picture(at=range(count), codec=codec, size=(8192, 4320), pixels=pixels)
    media = make_media(films.film(picture, form="webm" if "vp9" in codec else "mp4"))

    assert (media["status"], media["width"], media["height"]) == ("ready", 8192, 4320)
    checks = {check["code"]: check for check in owner.get(f"/media/{media['id']}/checks").json["checks"]}
    found = [(checks[code]["severity"], checks[code]["found"]) for code in ("video_width", "video_height")]
    assert found == [("problem", 8192), ("problem", 4320)]
    assert checks["video_width"]["allowed"] == {"min": 360, "max": 4096}


def test_a_recording_without_a_length_is_measured(look, tmp_path):
    """What browsers record: a segment of unknown size, no duration, no index."""
    content = bytearray(sample_media.video(".webm", codec="libvpx", seconds=2))
    duration = content.index(b"\x44\x89")
    content[duration : duration + 2] = b"\xec\x89"  # the Duration becomes a Void element
    segment = content.index(b"\x18\x53\x80\x67")
    content[segment + 4 : segment + 12] = b"\x01" + b"\xff" * 7

    facts = look(bytes(content))

    assert isinstance(facts, Facts), facts
    assert facts.duration_seconds == pytest.approx(2.0, abs=0.1)
