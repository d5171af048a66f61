"""What a file is, found out by the child process"""

import io

import pytest
from PIL import Image

from tests.media import making
from tiktok_api.media.inspecting import Facts, inspect


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
    facts = look(making.video(suffix, codec=codec))

    assert isinstance(facts, Facts), facts
    assert (facts.kind, facts.content_type, facts.container) == ("video", content_type, container)
    assert (facts.video_codec, facts.width, facts.height, facts.orientation) == (found, 360, 640, 0)
    assert facts.fps == pytest.approx(24, abs=0.1)
    assert facts.duration_seconds == pytest.approx(1.0, abs=0.06)


def test_sound_is_noticed(look):
    with_sound, without = look(making.video(sound=True)), look(making.video(sound=False))

    assert (with_sound.has_audio, with_sound.audio_codec) == (True, "aac")
    assert (without.has_audio, without.audio_codec) == (False, None)


@pytest.mark.parametrize(("rotation", "size"), [(90, (640, 360)), (180, (360, 640)), (270, (640, 360))])
def test_a_turned_video_has_the_size_in_which_it_is_seen(look, rotation, size):
    facts = look(making.video(rotation=rotation))

    assert (facts.width, facts.height) == size
    assert facts.orientation == -rotation % 360
    assert upright(facts.thumbnail, facts)


def test_the_bitrate_is_that_of_the_whole_file(look):
    content = making.video(pad_to_bytes=1_000_000)

    assert look(content).bitrate == pytest.approx(8_000_000, rel=0.05)


def upright(thumbnail, facts):
    width, height = Image.open(io.BytesIO(thumbnail)).size
    return (width > height) == (facts.width > facts.height)


@pytest.mark.parametrize("content", [making.video(width=720, height=1280), making.photo(width=1080, height=1920)])
def test_there_is_a_small_picture_of_it(look, content):
    picture = Image.open(io.BytesIO(look(content).thumbnail))

    assert picture.format == "JPEG"
    assert picture.size == (360, 640)


@pytest.mark.parametrize(
    ("kind", "content_type", "container"),
    [("JPEG", "image/jpeg", "jpeg"), ("WEBP", "image/webp", "webp"), ("PNG", "image/png", "png")],
)
def test_every_kind_of_photo_is_recognised(look, kind, content_type, container):
    facts = look(making.photo(kind))

    assert (facts.kind, facts.content_type, facts.container) == ("photo", content_type, container)
    assert (facts.width, facts.height, facts.duration_seconds, facts.has_audio) == (720, 1080, None, None)


def test_a_transparent_picture_has_a_thumbnail_too(look):
    assert look(making.photo("PNG", mode="RGBA")).thumbnail.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (720, 1080)), (3, (720, 1080)), (6, (1080, 720)), (8, (1080, 720))]
)
def test_a_turned_photo_has_the_size_in_which_it_is_seen(look, orientation, size):
    facts = look(making.photo(orientation=orientation))

    assert (facts.width, facts.height, facts.orientation) == (*size, orientation)
    assert upright(facts.thumbnail, facts)


def test_a_heic_photo_is_kept_with_its_size(look):
    ispe = making.box(b"ispe", bytes(4) + (4032).to_bytes(4, "big") + (3024).to_bytes(4, "big"))
    thumb = making.box(b"ispe", bytes(4) + (320).to_bytes(4, "big") + (240).to_bytes(4, "big"))
    meta = making.box(b"meta", bytes(4) + making.box(b"iprp", making.box(b"ipco", thumb + ispe)))
    content = making.box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta + making.box(b"mdat", bytes(100))

    facts = look(content)

    assert (facts.kind, facts.container, facts.width, facts.height) == ("photo", "heic", 4032, 3024)


def test_a_recording_without_a_length_is_measured(look, tmp_path):
    """What browsers record: a segment of unknown size, no duration, no index."""
    content = bytearray(making.video(".webm", codec="libvpx", seconds=2))
    duration = content.index(b"\x44\x89")
    content[duration : duration + 2] = b"\xec\x89"  # the Duration becomes a Void element
    segment = content.index(b"\x18\x53\x80\x67")
    content[segment + 4 : segment + 12] = b"\x01" + b"\xff" * 7

    facts = look(bytes(content))

    assert isinstance(facts, Facts), facts
    assert facts.duration_seconds == pytest.approx(2.0, abs=0.1)
