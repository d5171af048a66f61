"""Hostile files: each is refused with a reason, opens nothing else, and costs little"""

import io
import multiprocessing
import os
import struct
import zlib
from concurrent.futures import ProcessPoolExecutor

import pytest
from PIL import Image

from tests.media import sample_media
from tests.media.inspection.measured import convert_and_measure, inspect_and_measure
from tests.media.server_process import ROOT
from tiktok_api.media.inspection.inspect import Facts, Rejection, inspect

SECRET = "/etc/passwd"
JPEG, PNG, WEBP, HEIC = (sample_media.photo(kind) for kind in ("JPEG", "PNG", "WEBP", "HEIF"))
MP4, MOV, WEBM = sample_media.video(), sample_media.video(".mov"), sample_media.video(".webm", codec="libvpx")
FRAGMENTED = sample_media.fragmented()


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, content=b"", *, before=b""):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + before + png_chunk(b"IDAT", zlib.compress(content)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def jpeg_of_size(width, height):
    at = JPEG.index(b"\xff\xc0")
    return JPEG[: at + 5] + struct.pack(">HH", height, width) + JPEG[at + 9 :]


def zipped():
    name = b"x.txt"
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0) + name
    return local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


def moov_of(content):
    at = content.index(b"moov") - 4
    return content[at : at + int.from_bytes(content[at : at + 4], "big")]


def media_data_of(content):
    at = content.index(b"mdat") - 4
    return at, int.from_bytes(content[at : at + 4], "big")


def with_media_data(content, filler):
    at, size = media_data_of(content)
    return content[: at + 8] + (filler * size)[: size - 8] + content[at + size :]


def with_less_media_data(content, share):
    """Cut, and the length of what is left put right: only the index tells."""
    at, size = media_data_of(content)
    left = int(size * share)
    assert at + size == len(content)
    return content[:at] + struct.pack(">I", left) + content[at + 4 : at + left]


def animated(kind):
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green")]
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def referring_elsewhere(path):
    """A QuickTime file whose pictures are said to be in another one (an alias, QTFF "Data reference atoms")."""
    record = bytes(10) + b"\x01v".ljust(28, b"\0") + bytes(12) + b"\x01f".ljust(64, b"\0") + bytes(16)
    record += struct.pack(">hh", 1, 1) + bytes(16) + struct.pack(">hH", 2, len(path)) + path + struct.pack(">hH", -1, 0)
    entry = sample_media.box(b"alis", bytes(4) + record)
    return sample_media.with_box(
        MOV, (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"), bytes(4) + b"\0\0\0\1" + entry
    )


def heic_of_size(width, height, *, content=HEIC):
    """A HEIC that says it has another size than it has."""
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


def heic_grid(rows, columns, width, height, *, tile=1):
    """A HEIC whose picture is put together of one tile over and over."""
    hdlr = sample_media.box(b"hdlr", bytes(8) + b"pict" + bytes(13))
    infe = b"".join(
        sample_media.box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + kind + b"\0")
        for number, kind in ((1, b"grid"), (2, b"hvc1"))
    )
    tiles = struct.pack(">H", tile) * (rows * columns)
    ispe = sample_media.box(b"ispe", bytes(4) + struct.pack(">II", width, height))
    parts = [
        hdlr,
        sample_media.box(b"pitm", bytes(4) + struct.pack(">H", 1)),
        sample_media.box(b"iinf", bytes(4) + struct.pack(">H", 2) + infe),
        sample_media.box(b"iref", bytes(4) + sample_media.box(b"dimg", struct.pack(">HH", 1, rows * columns) + tiles)),
        sample_media.box(
            b"iprp",
            sample_media.box(b"ipco", ispe) + sample_media.box(b"ipma", bytes(4) + struct.pack(">IHBB", 1, 1, 1, 0x81)),
        ),
        sample_media.box(b"idat", struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)),
        sample_media.box(b"iloc", b"\1\0\0\0\x44\0" + struct.pack(">HHHHHII", 1, 1, 1, 0, 1, 0, 12)),
    ]
    return HEIC_FTYP + sample_media.box(b"meta", bytes(4) + b"".join(parts))


def heic_without_media_data():
    at = HEIC.index(b"mdat") - 4
    return HEIC[:at]


def nested(depth):
    inner = b""
    for _ in range(depth):
        inner = sample_media.box(b"moov", inner)
    return sample_media.box(b"ftyp", b"isom\0\0\2\0isom") + inner


HEIC_FTYP = sample_media.box(b"ftyp", b"heic\0\0\0\0mif1heic")
FTYP = sample_media.box(b"ftyp", b"isom\0\0\2\0isomiso2")
PLAYLIST = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{SECRET}\n#EXT-X-ENDLIST\n".encode()
CONCAT = f"ffconcat version 1.0\nfile {SECRET}\n".encode()
SVG = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{SECRET}"/></svg>'.encode()

HOSTILE = {  # what takes long to make is made where it is needed: each process that collects tests comes by here
    "playlist": PLAYLIST,
    "playlist of http": PLAYLIST.replace(b"file:///", b"http://127.0.0.1/"),
    "pls playlist": b"[playlist]\nFile1=http://127.0.0.1/\n",
    "dash manifest": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    "smil": b"<smil><body><video src='http://127.0.0.1/'/></body></smil>",
    "concat script": CONCAT,
    "concat script without its first line": f"file {SECRET}\n".encode(),
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "svg": SVG,
    "svg after an xml declaration": b'<?xml version="1.0"?>' + SVG,
    "svg after a byte order mark": b"\xef\xbb\xbf\n" + SVG,
    "xml bomb": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "zip": zipped(),
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\3",
    "pdf": b"%PDF-1.7\n",
    "elf": b"\x7fELF\2\1\1",
    "windows program": b"MZ\x90\0",
    "shell script": b"#!/bin/sh\nid\n",
    "postscript": b"%!PS-Adobe-3.0\n",
    "gif": b"GIF89a\1\0\1\0\0\0\0;",
    "bmp": b"BM" + bytes(60),
    "tiff": b"II*\0\x08\0\0\0" + bytes(20),
    "avi": b"RIFF\x24\0\0\0AVI LIST" + bytes(40),
    "wav": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "ogg": b"OggS\0\2" + bytes(60),
    "flv": b"FLV\1\5\0\0\0\x09" + bytes(60),
    "mpeg transport stream": (b"G" + bytes(187)) * 20,
    "avif": sample_media.box(b"ftyp", b"avif\0\0\0\0avifmif1") + bytes(100),
    "one byte": b"\0",
    "zeros": bytes(100_000),
    "noise": os.urandom(100_000),
    "text": b"just some words, and nothing to see\n" * 100,
    "jpeg and zip": JPEG + zipped(),
    "mp4 and zip": MP4 + zipped(),
    "png and zip with a comment": PNG + zipped()[:-2] + b"\4\0abcd",
    "png bomb": png(50_000, 50_000),
    "png bomb of zeros": png(20_000, 20_000, bytes(3 * 1000)),
    "png with a text bomb": png(
        8, 8, bytes(200), before=png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000), 9))
    ),
    "png without pixels": png(0, 0),
    "png with too few pixels": png(800, 800, bytes(1000)),
    "jpeg bomb": jpeg_of_size(65_000, 65_000),
    "jpeg of nothing": b"\xff\xd8\xff\xd9",
    "jpeg header only": JPEG[:600],
    "jpeg cut in half": JPEG[: len(JPEG) // 2],
    "jpeg cut at its end": JPEG[:-2000],
    "webp cut in half": WEBP[: len(WEBP) // 2],
    "webp bomb": b"RIFF\x1a\0\0\0WEBPVP8L\x0e\0\0\0\x2f\xff\xff\xff\x0f" + bytes(9),
    "png cut in half": PNG[: len(PNG) // 2],
    "mp4 cut in half": MP4[: len(MP4) // 2],
    "mp4 cut at its end": MP4[:-2000],
    "mp4 that lost its index": FTYP + sample_media.box(b"mdat", bytes(5000)),
    "mp4 with an index alone": FTYP + moov_of(MP4),
    "mp4 of zeros": with_media_data(MP4, b"\0"),
    "mp4 of noise": with_media_data(MP4, os.urandom(4096)),
    "mp4 of boxes of nothing": FTYP + (b"\0\0\0\x08free" * 1_000_000),
    "mp4 with a box shorter than its header": FTYP + b"\0\0\0\x04moov" + bytes(100),
    "mp4 with a box larger than the world": FTYP + b"\0\0\0\x01moov" + b"\xff" * 8,
    "mp4 nested a hundred thousand deep": nested(20_000),
    "mp4 within mp4 without end": FTYP
    + sample_media.box(b"moov", sample_media.box(b"trak", sample_media.box(b"mdia", b"")) * 100_000),
    "mov that points at another file": referring_elsewhere(SECRET.encode().ljust(12)),
    "mp4 with sound alone": None,
    "webm cut in half": WEBM[: len(WEBM) // 2],
    "webm of nothing": WEBM[:60],
    "webm of noise": WEBM[:300] + os.urandom(len(WEBM) - 300),
    "ebml of another kind": WEBM.replace(b"webm", b"abcd"),
    "heic without a size": HEIC_FTYP + sample_media.box(b"meta", bytes(4)),
    "heic bomb": heic_of_size(2**32 - 1, 2**32 - 1),
    "heic bomb of many pixels": heic_of_size(40_000, 30_000),
    "heic larger than it says": lambda: heic_of_size(
        64, 64, content=sample_media.photo("HEIF", width=2000, height=2000)
    ),
    "heic smaller than it says": heic_of_size(6000, 6000),
    "heic grid that is a bomb": heic_grid(255, 255, 60_000, 60_000),
    "heic grid of itself": heic_grid(2, 2, 1000, 1000),
    "heic grid of nothing": heic_grid(2, 2, 1000, 1000, tile=9),
    "heic cut in half": HEIC[: len(HEIC) // 2],
    "heic cut at its end": HEIC[:-1],
    "heic without its picture": heic_without_media_data(),
    "heic with an empty picture": heic_without_media_data() + sample_media.box(b"mdat", b""),
    "heic cut where the size is put right": heic_without_media_data()
    + sample_media.box(b"mdat", HEIC[-len(HEIC) // 2 : -9000]),
    "heic of zeros": with_media_data(HEIC, b"\0"),
    "heic of noise": with_media_data(HEIC, os.urandom(4096)),
    "heic of boxes of nothing": HEIC_FTYP + b"\0\0\0\x08free" * 1_000_000,
    "heic with a million properties": HEIC_FTYP
    + sample_media.box(
        b"meta", bytes(4) + sample_media.box(b"iprp", sample_media.box(b"ipco", b"\0\0\0\x08free" * 1_000_000))
    ),
    "heic with a million items": HEIC_FTYP
    + sample_media.box(
        b"meta",
        bytes(4)
        + sample_media.box(
            b"iinf", b"\1\0\0\0" + struct.pack(">I", 1_000_000) + b"\0\0\0\x15infe\2\0\0\0\0\1\0\0hvc1\0" * 1_000_000
        )
        + sample_media.box(
            b"iprp", sample_media.box(b"ipco", sample_media.box(b"ispe", bytes(4) + struct.pack(">II", 64, 64)))
        ),
    ),
    "heic nested a thousand deep": HEIC_FTYP + sample_media.box(b"meta", bytes(4) + nested(1000)),
    "heic and zip": HEIC + zipped(),
    "heic that moves": HEIC.replace(b"ftypheic", b"ftyphevc"),
    "heic brand on an mp4": HEIC_FTYP + MP4[int.from_bytes(MP4[:4], "big") :],
    "avif by its second name": sample_media.box(b"ftyp", b"mif1\0\0\0\0mif1avif")
    + HEIC[int.from_bytes(HEIC[:4], "big") :],
    "png that moves": animated("PNG"),
    "webp that moves": animated("WEBP"),
    "webp of too many pixels": lambda: sample_media.photo("WEBP", width=5000, height=4900),
    "webp with half a gigabyte behind it": WEBP[:4] + struct.pack("<I", 500_000_000) + WEBP[8:] + b"JUNK" + bytes(1000),
    "mp4 cut where the size is put right": with_less_media_data(MP4, 0.97),
    "fragmented mp4 cut in half": FRAGMENTED[: len(FRAGMENTED) // 2],
    "fragmented mp4 cut at its end": FRAGMENTED[:-10],
}


def sound_alone(path):
    import av

    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame(format="s16", layout="mono", samples=1024)
        frame.planes[0].update(bytes(2048))
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def inspector():
    """A process of its own, so that the largest child it ever had was an inspection."""
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as process:
        yield process


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_with_a_reason(tmp_path, inspector, name):
    path = tmp_path / "file"
    if (content := HOSTILE[name]) is None:
        sound_alone(path)
    else:
        path.write_bytes(content() if callable(content) else content)

    outcome, largest_child_bytes = inspector.submit(inspect_and_measure, path).result()

    assert isinstance(outcome, Rejection), f"{name} was taken for {outcome}"
    assert outcome.code
    assert len(outcome.message) > 10
    assert SECRET not in outcome.message
    assert list(tmp_path.iterdir()) == [path]
    assert largest_child_bytes < 512 * 1024 * 1024


@pytest.mark.parametrize(
    ("kind", "mode", "size", "options"),
    [
        ("JPEG", "RGB", (16_320, 12_240), {}),
        ("JPEG", "RGB", (8064, 6048), {"progressive": True, "subsampling": 0}),
        ("JPEG", "CMYK", (8064, 6048), {"progressive": True}),
        ("PNG", "RGBA", (8064, 6048), {"compress_level": 1}),
        ("PNG", "P", (8064, 6048), {"compress_level": 1}),
        ("WEBP", "RGB", (4890, 4890), {"method": 0}),
        ("HEIF", "RGB", (8064, 6048), {"enc_params": {"preset": "ultrafast"}}),
    ],
)
def test_the_largest_photos_are_opened_and_converted_in_half_a_gigabyte(tmp_path, inspector, kind, mode, size, options):
    path = tmp_path / "file"
    Image.new(mode, size, 90 if mode == "P" else (9, 99, 9) + (90,) * (len(mode) - 3)).save(path, kind, **options)

    facts, _ = inspector.submit(inspect_and_measure, path).result()
    converted, largest_child_bytes = inspector.submit(convert_and_measure, path, facts.content_type).result()

    assert isinstance(facts, Facts), facts
    assert (facts.width, facts.height) == size
    assert isinstance(converted, bytes), converted
    assert largest_child_bytes < 512 * 1024 * 1024


def test_a_decoder_taken_over_could_open_neither_files_nor_sockets(tmp_path):
    """The filter is installed in a process of the test, which then tries what an attacker would."""
    import subprocess
    import sys

    script = f"""
import os, socket, subprocess, sys
from tiktok_api.media.inspection.child import seccomp
print(seccomp.install_filter())
def attempt(act):
    try:
        act()
    except PermissionError:
        print("refused")
    else:
        print("DONE")
attempt(lambda: os.open({str(tmp_path / "new")!r}, os.O_CREAT | os.O_WRONLY))
attempt(lambda: os.open({SECRET!r}, os.O_RDONLY))
attempt(lambda: socket.socket())
attempt(lambda: os.execv("/bin/true", ["true"]))
attempt(lambda: os.unlink({str(tmp_path)!r}))
attempt(lambda: os.kill(os.getppid(), 0))
"""

    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    lines = answer.stdout.split()
    if lines[0] == "False":
        pytest.skip("this machine has no seccomp")
    assert lines[1:] == ["refused"] * 6


def test_a_file_that_takes_too_long_is_given_up(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(MP4)

    outcome = inspect(path, wall_clock_seconds=0.0)

    assert isinstance(outcome, Rejection)
    assert outcome.code == "file_too_complex"
